from services.gateway.domain.outbox import BATCH_BYTES_MAX, BATCH_MAX, Entry, Outbox
from services.runtime.log_port import SendError, Sent

SENT = Sent("commands", 0, 0, 1)


def outbox(*names: str, size: int = 10, waiting_max: int = 100_000) -> Outbox[str]:
    box = Outbox[str](waiting_max)
    for name in names:
        box.add(Entry(name, size))
    return box


def taken(box: Outbox[str]) -> list[str]:
    return [entry.command for entry in box.take()]


def test_a_batch_is_what_gathered_while_the_last_one_was_out() -> None:
    box = outbox("a")
    assert taken(box) == ["a"]
    box.add(Entry("b", 10))
    box.add(Entry("c", 10))
    assert taken(box) == []
    box.settle(SENT)
    assert taken(box) == ["b", "c"]


def test_a_batch_has_a_limit_in_number() -> None:
    box = outbox(*(["a"] * (BATCH_MAX + 1)))
    assert len(taken(box)) == BATCH_MAX
    box.settle(SENT)
    assert len(taken(box)) == 1


def test_a_batch_has_a_limit_in_bytes_but_one_command_always_goes() -> None:
    box = outbox("a", "b", size=BATCH_BYTES_MAX)
    assert taken(box) == ["a"]
    box.settle(SENT)
    assert taken(box) == ["b"]


def test_those_who_wait_are_told_what_became_of_their_batch() -> None:
    told: list[Sent | SendError] = []
    box = Outbox[str](10)
    box.add(Entry("a", 10, told.append))
    box.add(Entry("b", 10))
    box.take()
    lost = SendError("commands", 0, "away")
    box.settle(lost)
    assert told == [lost]
    assert len(box) == 0


def test_wishes_are_taken_while_there_is_room() -> None:
    box = outbox("a", waiting_max=2)
    assert box.has_room
    box.add(Entry("b", 10))
    assert not box.has_room
    box.take()
    assert box.has_room
    assert len(box) == 2

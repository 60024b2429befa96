from collections.abc import Iterable

import pytest

from seatline.dead.v1 import dead_pb2
from seatline.log.v1 import log_pb2
from services.cli.adapters import reign_logs
from services.cli.adapters.reign_logs import KafkaReigns
from services.cli.adapters.topics import COMMANDS, CONTACTS, DEAD, FACTS, RULINGS
from services.cli.domain.reigns import InputName, input_name, partition_name
from services.cli.errors import NotDoneError
from services.cli.handlers.ownership import (
    Asking,
    DecidersLog,
    Moved,
    MovePartitionHandler,
    SkipHandler,
    Skipped,
)
from services.cli.ports.signature import Signature
from services.runtime.fenced_log.header import (
    Claim,
    Control,
    Failure,
    Fence,
    FencePoint,
    Header,
    Position,
    SnapshotDone,
    Yield,
    from_proto,
    to_proto,
)
from services.runtime.fenced_log.wishes import HandOver, Request, Skip
from tests.fakes.log_book import InMemoryLogBook

LOG = DecidersLog(FACTS, "dispatcher", (COMMANDS, RULINGS))
ASKING = Asking(Signature("ann", "a test"), dry_run=False, wait=True)
DRY = Asking(Signature("ann", "a test"), dry_run=True, wait=True)
INPUT = InputName(COMMANDS, 0, 4, 1)


class Slots:
    def __init__(self, not_ready: str = "") -> None:
        self.not_ready = not_ready

    def of(self, kind: str) -> list[str]:
        return [f"{kind}-0", f"{kind}-1"]

    def why_not_ready(self, slot: str) -> str | None:
        return f"{slot} is not running" if slot == self.not_ready else None


def record(
    epoch: int,
    seq: int,
    control: Control | None = None,
    decided: Iterable[tuple[str, int, Position]] = (),
    failures: tuple[Failure, ...] = (),
) -> bytes:
    point = FencePoint(epoch, bytes([epoch]) * 16, seq)
    header = Header(point, 1_000 * epoch + seq, tuple(decided), control, failures)
    return log_pb2.Envelope(header=to_proto(header)).SerializeToString()


def book(*records: bytes) -> InMemoryLogBook:
    made = InMemoryLogBook(partitions=1)
    for value in records:
        made.put(FACTS, 0, value)
    for _ in range(10):
        made.put(COMMANDS, 0, b"")
    return made


def owned(at: Position) -> InMemoryLogBook:
    """Let dispatcher-0 own partition 0, and stand at a command."""
    return book(record(1, 0, Fence("dispatcher-0")), record(1, 1, None, [(COMMANDS, 0, at)]))


def then(log: InMemoryLogBook, *records: bytes) -> None:
    log.on_append = [(FACTS, 0, value) for value in records]


def move(log: InMemoryLogBook, to: str, asking: Asking = ASKING, not_ready: str = "") -> Moved:
    handler = MovePartitionHandler(KafkaReigns(log), Slots(not_ready))
    return handler(LOG, 0, to, asking)


def skip(log: InMemoryLogBook, name: InputName = INPUT, asking: Asking = ASKING) -> Skipped:
    return SkipHandler(KafkaReigns(log))(LOG, name, asking)


def requests(log: InMemoryLogBook) -> list[Request]:
    headers = [
        from_proto(log_pb2.Envelope.FromString(value).header) for value in log.values[FACTS, 0]
    ]
    return [h.control for h in headers if isinstance(h.control, Request)]


# --- owners --------------------------------------------------------------------------------------


def test_takeovers_are_counted_and_hand_overs_are_not() -> None:
    log = book(
        record(1, 0, Fence("dispatcher-0")),
        record(1, 1, Yield("dispatcher-1")),
        record(2, 0, Fence("dispatcher-1")),
        record(3, 0, Fence("dispatcher-0")),
        record(2, 1),
    )
    reign = KafkaReigns(log).now(FACTS)[0]
    assert (reign.slot, reign.epoch, reign.is_owned) == ("dispatcher-0", 3, True)
    assert len(reign.takeovers_ms) == 1


def test_a_partition_that_was_given_and_not_taken_has_no_owner() -> None:
    log = book(record(1, 0, Fence("dispatcher-0")), record(1, 1, Yield("")))
    reign = KafkaReigns(log).now(FACTS)[0]
    assert (reign.slot, reign.yielded_to, reign.is_owned) == ("dispatcher-0", "", False)
    assert not KafkaReigns(book()).now(FACTS)[0].is_owned


def test_of_a_long_log_the_end_is_read_back_to_a_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reign_logs, "WIDTH", 4)
    done = SnapshotDone(
        2, 1, 0, 0, ((COMMANDS, 0, Position(7)),), (), "dispatcher-1", (5,), since_ms=77
    )
    log = book(
        record(1, 0, Fence("dispatcher-1")),
        record(1, 1, None, [(COMMANDS, 0, Position(3))]),
        *(record(1, seq) for seq in range(2, 8)),
        record(1, 8, done),
        *(record(1, seq) for seq in range(9, 19)),
    )
    reads: list[int] = []
    read = log.read
    log.read = lambda topic, ranges: reads.append(ranges[0].start) or read(topic, ranges)  # type: ignore[method-assign, func-returns-value]
    reign = KafkaReigns(log).now(FACTS)[0]
    assert reads == [15, 3]
    assert (reign.slot, reign.since_ms, reign.takeovers_ms) == ("dispatcher-1", 77, (5,))
    assert reign.positions[COMMANDS, 0] == (7, 0)


CLAIM = to_proto(Header(FencePoint(0, b"c" * 16, 0), 0, control=Claim("dispatcher-1")))
FIRST_REIGN = (record(1, 0, Fence("dispatcher-0")), record(1, 1))
SECOND_REIGN = (record(2, 0, Fence("dispatcher-1")), record(2, 1), record(2, 2))
LOSER = FencePoint(2, b"l" * 16, 0)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param((), id="the fence of a later reign"),
        pytest.param((log_pb2.Envelope(header=CLAIM).SerializeToString(),), id="a claim before it"),
        pytest.param((record(1, 2),), id="the last word of the reign before"),
    ],
)
def test_where_the_part_that_is_read_begins_matters_to_nobody(
    first: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reign_logs, "WIDTH", len(first) + len(SECOND_REIGN))
    reign = KafkaReigns(book(*FIRST_REIGN, *first, *SECOND_REIGN)).now(FACTS)[0]
    assert (reign.slot, reign.epoch, len(reign.takeovers_ms)) == ("dispatcher-1", 2, 1)


@pytest.mark.parametrize(
    "overtaken",
    [
        pytest.param(record(1, 2), id="a word of a former owner"),
        pytest.param(
            log_pb2.Envelope(
                header=to_proto(Header(LOSER, 0, control=Fence("dispatcher-7")))
            ).SerializeToString(),
            id="the fence of who came second",
        ),
    ],
)
def test_what_a_fence_has_overtaken_is_no_beginning(
    overtaken: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reign_logs, "WIDTH", 3)
    fence, *rest = SECOND_REIGN
    reign = KafkaReigns(book(*FIRST_REIGN, fence, overtaken, *rest)).now(FACTS)[0]
    assert (reign.slot, reign.epoch) == ("dispatcher-1", 2)


def test_a_log_whose_beginning_is_cut_off_is_said_to_be() -> None:
    with pytest.raises(NotDoneError, match="the log was cut"):
        KafkaReigns(book(*SECOND_REIGN)).now(FACTS)


# --- move-partition ------------------------------------------------------------------------------


def test_a_move_is_asked_for_with_who_and_why_and_watched_to_the_new_owners_record() -> None:
    log = owned(Position(4))
    then(
        log,
        record(1, 2),
        record(1, 3, Yield("dispatcher-1")),
        record(2, 0, Fence("dispatcher-1")),
        record(2, 1),
    )
    moved = move(log, "dispatcher-1")
    assert requests(log) == [Request("ann", "a test", HandOver("dispatcher-1"))]
    assert (moved.changed, moved.why_not) == (True, "")
    assert moved.undecided_ms == 2, "from the yield to the first record behind the fence"


@pytest.mark.parametrize(
    ("to", "not_ready", "why_not"),
    [
        ("dispatcher-7", "", "there is no slot dispatcher-7; there are dispatcher-0, dispatcher-1"),
        ("dispatcher-1", "dispatcher-1", "dispatcher-1 is not running"),
        ("dispatcher-0", "dispatcher-0", ""),
    ],
)
def test_what_cannot_or_need_not_be_moved_is_not_asked_for(
    to: str, not_ready: str, why_not: str
) -> None:
    log = owned(Position(4))
    moved = move(log, to, not_ready=not_ready)
    assert (moved.changed, moved.why_not, requests(log)) == (False, why_not, [])


def test_a_dry_run_asks_for_nothing() -> None:
    log = owned(Position(4))
    assert move(log, "dispatcher-1", DRY).changed
    assert skip(log, asking=DRY).changed
    assert requests(log) == []


def test_a_move_that_nobody_answers_and_one_that_another_takes_say_so() -> None:
    moved = move(owned(Position(4)), "dispatcher-1")
    assert (moved.changed, "did not answer" in moved.why_not) == (False, True)
    log = owned(Position(4))
    then(log, record(1, 2, Yield("dispatcher-1")))
    assert "did not take it" in move(log, "dispatcher-1").why_not
    log = owned(Position(4))
    then(
        log,
        record(1, 2, Yield("dispatcher-1")),
        record(2, 0, Fence("dispatcher-0")),
        record(2, 1),
    )
    assert move(log, "dispatcher-1").why_not == "dispatcher-0 took it"


def test_a_partition_that_is_not_there_is_named() -> None:
    handler = MovePartitionHandler(KafkaReigns(owned(Position(4))), Slots())
    with pytest.raises(NotDoneError, match="has no partition 9; it has 0 to 0"):
        handler(LOG, 9, "dispatcher-1", ASKING)


# --- skip ----------------------------------------------------------------------------------------


def test_an_input_at_which_its_owner_stands_is_set_aside() -> None:
    log = owned(Position(4, 1))
    aside = Failure(COMMANDS, 0, 4, 1, 3, set_aside=True, reason="Skipped")
    then(log, record(1, 2, None, [(COMMANDS, 0, Position(5))], (aside,)))
    skipped = skip(log)
    assert requests(log) == [Request("ann", "a test", Skip(COMMANDS, 0, 4, 1))]
    assert (skipped.changed, skipped.waited, skipped.slot) == (True, True, "dispatcher-0")


@pytest.mark.parametrize(
    ("at", "name", "why_not"),
    [
        (Position(5), INPUT, "it is decided already: dispatcher-0 stands at 5/0"),
        (Position(4), InputName(COMMANDS, 0, 10, 0), "it is not there yet"),
    ],
)
def test_an_input_that_is_passed_or_not_there_is_not_asked_for(
    at: Position, name: InputName, why_not: str
) -> None:
    log = owned(at)
    assert skip(log, name).why_not.startswith(why_not)
    assert requests(log) == []


def test_an_input_far_behind_what_is_decided_is_not_reached() -> None:
    log = owned(Position(4))
    for _ in range(600):
        log.put(COMMANDS, 0, b"")
    assert "is decided to 4/0" in skip(log, InputName(COMMANDS, 0, 505, 0)).why_not
    assert requests(log) == []


def test_an_input_that_is_decided_meanwhile_or_that_nobody_comes_to_says_so() -> None:
    log = owned(Position(4, 1))
    then(log, record(1, 2, None, [(COMMANDS, 0, Position(5))]))
    assert "had decided it" in skip(log).why_not
    assert "is not at it" in skip(owned(Position(4))).why_not


def test_the_same_skip_again_changes_nothing() -> None:
    log = owned(Position(5))
    letter = dead_pb2.DeadLetter(topic=COMMANDS, partition=0, offset=4, index=1)
    log.put(DEAD, 0, letter.SerializeToString())
    skipped = skip(log)
    assert (skipped.changed, skipped.why_not, requests(log)) == (False, "", [])


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "x", "x/1", "x/1/2/3/4", "/1/2", "x/a/2", "x/1/-2", "x/1/2/"])
def test_what_is_no_input_is_none(text: str) -> None:
    assert input_name(text) is None


def test_names_are_read_as_they_are_written() -> None:
    assert input_name(f"{CONTACTS}/3/7") == InputName(CONTACTS, 3, 7, 0)
    assert input_name(str(INPUT)) == INPUT
    assert partition_name("facts/3") == ("facts", 3)
    assert [partition_name(text) for text in ("facts", "/3", "facts/", "facts/x")] == [None] * 4

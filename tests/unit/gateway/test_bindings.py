from services.gateway.domain.bindings import Binding, Bindings
from services.gateway.domain.values import Nonce, SessionId, StreamId

SESSION = SessionId("S-1")


def binding(nonce: bytes, stream: int = 1, session: str = SESSION, partition: int = 0) -> Binding:
    return Binding(SessionId(session), Nonce(nonce), StreamId(stream), partition, "C001", ("hi",))


def opened(*new: Binding) -> Bindings:
    bindings = Bindings()
    for each in new:
        bindings.open(each)
    return bindings


def sign_in(
    bindings: Bindings, nonce: bytes, generation: int, partition: int = 0, at_ms: int = 0
) -> list[bytes]:
    ended = bindings.signed_in(SESSION, Nonce(nonce), generation, partition, at_ms)
    return [each.nonce for each in ended]


def test_a_binding_is_in_force_only_once_its_fact_was_read() -> None:
    mine = binding(b"a")
    bindings = opened(mine)
    assert not mine.is_bound
    assert sign_in(bindings, b"a", 3) == []
    assert mine.is_bound
    assert mine.generation == 3


def test_a_sign_in_elsewhere_ends_the_older_binding() -> None:
    bindings = opened(binding(b"a"))
    sign_in(bindings, b"a", 1)
    assert sign_in(bindings, b"foreign", 2) == [b"a"]
    assert bindings.of_nonce(b"a") is None
    assert len(bindings) == 0


def test_a_sign_in_elsewhere_leaves_a_binding_that_the_log_has_not_decided() -> None:
    bindings = opened(binding(b"a"))
    assert sign_in(bindings, b"foreign", 2) == []
    assert sign_in(bindings, b"a", 3) == []


def test_a_binding_in_another_partition_is_ended_too() -> None:
    bindings = opened(binding(b"a", partition=0), binding(b"b", stream=2, partition=1))
    sign_in(bindings, b"a", 9, partition=0, at_ms=1)
    assert sign_in(bindings, b"b", 1, partition=1, at_ms=2) == [b"a"]


def test_of_two_partitions_the_later_sign_in_stands_in_whichever_order_they_are_read() -> None:
    bindings = opened(binding(b"a", partition=0), binding(b"b", stream=2, partition=1))
    assert sign_in(bindings, b"a", 1, partition=0, at_ms=2) == []
    assert sign_in(bindings, b"b", 9, partition=1, at_ms=1) == [b"b"]
    assert [each.nonce for each in bindings] == [b"a"]


def test_two_sign_ins_of_one_moment_are_told_apart_by_their_partitions() -> None:
    for order in ([b"a", b"b"], [b"b", b"a"]):
        bindings = opened(binding(b"a", partition=0), binding(b"b", stream=2, partition=1))
        for nonce in order:
            sign_in(bindings, nonce, 1, partition=int(nonce == b"b"), at_ms=7)
        assert [each.nonce for each in bindings] == [b"b"]


def test_a_repeated_fact_of_an_older_generation_ends_nothing() -> None:
    bindings = opened(binding(b"a"))
    sign_in(bindings, b"a", 5)
    assert sign_in(bindings, b"old", 4) == []


def test_a_nonce_of_another_session_gives_no_generation() -> None:
    other = binding(b"a", session="S-2")
    bindings = opened(other)
    sign_in(bindings, b"a", 1)
    assert not other.is_bound


def test_the_newest_binding_of_a_stream_is_found() -> None:
    bindings = opened(binding(b"a"), binding(b"b"), binding(b"c", stream=2))
    found = bindings.on_stream(StreamId(1), SESSION)
    newest = bindings.of_session(SESSION)
    assert found is not None
    assert newest is not None
    assert (found.nonce, newest.nonce) == (b"b", b"c")
    assert bindings.on_stream(StreamId(3), SESSION) is None
    assert bindings.of_session(SessionId("S-9")) is None


def test_the_binding_in_force_of_a_session_goes_before_one_that_is_asked_for() -> None:
    bindings = opened(binding(b"a"), binding(b"b", stream=2))
    sign_in(bindings, b"a", 1)
    found = bindings.of_session(SESSION)
    assert found is not None
    assert found.nonce == b"a"


def test_a_closed_stream_gives_up_all_it_held_and_nothing_else() -> None:
    bindings = opened(binding(b"a"), binding(b"b", session="S-2"), binding(b"c", stream=2))
    assert bindings.count_on(StreamId(1)) == 2
    assert [each.nonce for each in bindings.close_stream(StreamId(1))] == [b"a", b"b"]
    assert [each.nonce for each in bindings] == [b"c"]
    assert bindings.close_stream(StreamId(1)) == []


def test_closing_twice_changes_nothing() -> None:
    mine = binding(b"a")
    bindings = opened(mine)
    bindings.close(mine)
    bindings.close(mine)
    assert len(bindings) == 0

import pytest

from bench.watching import Reign, Seen, decided_again_ms, signed_in_again_ms
from bench.world import WorldError
from seatline.facts.v1 import facts_pb2, session_pb2

OLD, NEW = (1, b"old"), (2, b"new")
BEFORE: dict[int, Reign] = {0: OLD, 1: OLD}
ALLOTTED = frozenset({"queued", "offered"})


def record(partition: int, at_ms: int, reign: Reign, *kinds: str) -> Seen:
    return Seen(partition, at_ms, reign, frozenset(kinds), [])


def test_a_partition_decides_again_with_the_first_decision_of_its_new_owner() -> None:
    records = [
        record(0, 1_010, OLD, "queued"),
        record(0, 1_400, NEW),
        record(0, 1_500, NEW, "signed_in"),
        record(1, 1_550, NEW, "queued", "offered"),
        record(0, 1_600, NEW, "offered"),
    ]
    assert decided_again_ms(iter(records), BEFORE, ALLOTTED, 1_000) == 600


def test_a_partition_that_never_decides_again_is_an_error() -> None:
    records = [record(0, 1_600, NEW, "offered"), record(1, 1_700, OLD, "offered")]
    with pytest.raises(WorldError, match="1 partitions did not decide again"):
        decided_again_ms(iter(records), BEFORE, ALLOTTED, 1_000)


def signed_in(at_ms: int, *sessions: str) -> Seen:
    facts = [
        facts_pb2.Fact(signed_in=session_pb2.SignedIn(session_id=session)) for session in sessions
    ]
    return Seen(0, at_ms, OLD, frozenset({"signed_in"}), [*facts, facts_pb2.Fact()])


def test_sessions_are_back_when_the_last_of_them_signed_in_again() -> None:
    records = [signed_in(990, "s3"), signed_in(1_200, "s1", "s2"), signed_in(1_300, "s2", "s3")]
    assert signed_in_again_ms(iter(records), 3, 1_000) == 300
    with pytest.raises(WorldError, match="1 sessions of 3 did not come back"):
        signed_in_again_ms(iter(records[:2]), 3, 1_000)

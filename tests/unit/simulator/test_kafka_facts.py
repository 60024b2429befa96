from typing import Any

import pytest

from seatline.facts.v1 import facts_pb2, session_pb2
from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.header import Fence, FencePoint, Header, to_proto
from services.simulator.adapters.kafka_facts import FACTS, sightings
from services.simulator.domain.census import Kind
from tests.fakes.log import FakeClock, InMemoryBroker, InMemoryLogReader
from tests.fakes.simulator import FakeTicks


def record(seq: int, *facts: dict[str, Any], epoch: int = 1, owner: bytes = b"o") -> bytes:
    control = Fence("dispatcher-0") if seq == 0 else None
    header = Header(FencePoint(epoch, owner, seq), at_ms=1_000 + seq, control=control)
    message = facts_pb2.FactRecord(header=to_proto(header))
    message.facts.extend(facts_pb2.Fact(**fact) for fact in facts)
    return message.SerializeToString()


def read(*values: bytes) -> list[tuple[Kind, str]]:
    broker = InMemoryBroker(FakeClock())
    for value in values:
        broker.append((FACTS, 0), value)
    found = sightings(InMemoryLogReader(broker), 1, FakeTicks())
    return [(sighting.kind, sighting.session) for sighting in found]


def test_the_facts_of_the_census_are_read_up_to_the_end() -> None:
    attempt = {"contact_id": "c-1", "release": 1, "attempt": 1}
    available = session_pb2.ACTIVITY_AVAILABLE
    facts = [
        {"signed_in": {"session_id": "s1", "activity": available}},
        {"offered": {"attempt": attempt, "session_id": "s1"}},
        {"confirmed": {"attempt": attempt, "session_id": "s1"}},
        {"ended": {"attempt": attempt, "session_id": "s1"}},
        {"session_paused": {"session_id": "s1"}},
        {"session_available": {"session_id": "s1"}},
        {"signed_out": {"session_id": "s1"}},
    ]
    assert read(record(0), record(1, *facts)) == [
        (Kind.SESSION_IN, "s1"),
        (Kind.OFFERED, "s1"),
        (Kind.CONFIRMED, "s1"),
        (Kind.SESSION_OUT, "s1"),
        (Kind.SESSION_IN, "s1"),
        (Kind.SESSION_OUT, "s1"),
    ]


def test_a_session_that_resumes_in_a_pause_is_not_present() -> None:
    paused = {"session_id": "s1", "activity": session_pb2.ACTIVITY_PAUSED}
    assert read(record(0), record(1, {"signed_in": paused})) == [(Kind.SESSION_OUT, "s1")]


def test_what_a_fence_has_overtaken_does_not_count() -> None:
    late = {"session_available": {"session_id": "late"}}
    found = read(record(0), record(0, epoch=2, owner=b"p"), record(1, late))
    assert found == []


def test_a_fact_of_an_unknown_kind_stops_the_count() -> None:
    with pytest.raises(PromiseBrokenError, match="upgrade this reader"):
        read(record(0), record(1, {}))

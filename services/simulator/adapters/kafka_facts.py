"""Read the facts log from its start, by the reader rule (rule 1.4), for the census."""

from collections.abc import Iterator
from typing import Any

from seatline.facts.v1 import facts_pb2, session_pb2
from services.runtime.errors import PromiseBrokenError, TransientError
from services.runtime.fenced_log.header import brief
from services.runtime.fenced_log.reader import FencedReader
from services.runtime.log_port import START, Arrived, LogReader
from services.simulator.domain.census import Kind, Sighting
from services.simulator.ports import Ticks

FACTS = "seatline.facts.v1"
_POLL_S = 0.5
_FRESH_MS = 2_000
_SILENCE_MS = 20_000.0
_PRESENT = {
    session_pb2.ACTIVITY_AVAILABLE,
    session_pb2.ACTIVITY_OFFERED,
    session_pb2.ACTIVITY_ON_CALL,
    session_pb2.ACTIVITY_WRAP_UP,
}


def sightings(reader: LogReader, partitions: int, ticks: Ticks) -> Iterator[Sighting]:
    """Yield what the census counts, partition by partition in log order, up to the ends.

    Raises:
        TransientError: The broker was silent for too long.
        LogGapError: Records are missing.
        PromiseBrokenError: A fact is of a kind that is not known here.
    """
    fences = {p: FencedReader(f"{FACTS}/{p}") for p in range(partitions)}
    reader.assign({(FACTS, partition): START for partition in fences})
    heard_ms = ticks.now_ms()
    # Facts are written for as long as the stack lives, heartbeats at least: "the end" is one that
    # was asked for after the last record was read.
    while not all(reader.at_end((FACTS, partition), _FRESH_MS) for partition in fences):
        arrived = reader.poll(_POLL_S)
        if arrived:
            heard_ms = ticks.now_ms()
        elif ticks.now_ms() - heard_ms > _SILENCE_MS:
            raise TransientError(f"{FACTS}: nothing came for {_SILENCE_MS / 1000:.0f} s")
        for record in arrived:
            yield from _of_record(fences[record.partition], record)


def _of_record(fence: FencedReader, arrived: Arrived) -> Iterator[Sighting]:
    record = facts_pb2.FactRecord.FromString(arrived.value)
    header = brief(record.header)
    if not fence.accept(header).counts:
        return
    for fact in record.facts:
        kind = fact.WhichOneof("kind")
        if kind is None:
            raise PromiseBrokenError(
                f"{FACTS}/{arrived.partition}: the record at offset {arrived.offset} holds a fact "
                "of an unknown kind: upgrade this reader"
            )
        sighting = _sighting(kind, getattr(fact, kind), header.at_ms)
        if sighting is not None:
            yield sighting


# `Any`: the kind says which fact it is.
def _sighting(kind: str, fact: Any, at_ms: int) -> Sighting | None:
    match kind:
        case "offered" | "confirmed":
            return Sighting(
                Kind(kind),
                at_ms,
                fact.session_id,
                fact.attempt.contact_id,
                fact.attempt.release,
                fact.attempt.attempt,
            )
        case "signed_in":
            present = fact.activity in _PRESENT
            which = Kind.SESSION_IN if present else Kind.SESSION_OUT
            return Sighting(which, at_ms, fact.session_id)
        case "session_available":
            return Sighting(Kind.SESSION_IN, at_ms, fact.session_id)
        case "session_paused" | "signed_out" | "session_gone":
            return Sighting(Kind.SESSION_OUT, at_ms, fact.session_id)
        case _:
            return None

"""Logs as deciders would have written them under the default load, made without running any.

A minute of whole contacts is made once and repeated under new headers: readers follow headers, and
a contact that has ended may be queued again. So a log of any age costs no memory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seatline.contacts.v1 import contacts_pb2
from seatline.facts.v1 import facts_pb2
from seatline.rulings.v1 import rulings_pb2
from services.dispatcher.adapters.codec import DispatcherCodec
from services.dispatcher.domain import facts
from services.dispatcher.domain.facts import Attempt, CentreSlice, Contact, Fact
from services.dispatcher.domain.words import Activity, Disposition, EndReason
from services.runtime.fenced_log.header import Fence, FencePoint, Header, to_proto
from services.stack.identity import DEFAULT_PARTITIONS

FACTS_A_CONTACT = 5
FACTS_A_RECORD = 3
"""As seen under the default load: a contact's facts fill a little more than three records."""
_OWNER = b"bench-owner-of-1"
_BOOT = b"bench-gateway-id"
_SEALED = b"x" * 120
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Floor:
    """What a partition's log is about."""

    sessions: int = 20_000 // DEFAULT_PARTITIONS
    centres: int = 225 // DEFAULT_PARTITIONS
    contacts_per_s: float = 300.0 / DEFAULT_PARTITIONS


def facts_log(floor: Floor, seconds: float, from_ms: int) -> Iterator[bytes]:
    """Yield the records of one partition of facts, its fence first.

    Args:
        floor: Who works there, and how much.
        seconds: Age of the log at its end.
        from_ms: Time of its first record.
    """
    codec = DispatcherCodec(1)
    header = Header(FencePoint(1, _OWNER, 0), from_ms, control=Fence("dispatcher-0"))
    yield codec.record(header, ())
    seq = 0
    for batch in _opening(floor):
        seq += 1
        yield codec.record(Header(FencePoint(1, _OWNER, seq), from_ms), batch)
    bodies = [_body(batch) for batch in _batches(_minute(floor, from_ms))]
    count = round(seconds / 60.0 * len(bodies))
    for number in range(count):
        seq += 1
        at_ms = from_ms + int(number / len(bodies) * 60_000)
        head = Header(FencePoint(1, _OWNER, seq), at_ms)
        # Fields on the wire just follow each other, so a header goes before any facts.
        yield (
            facts_pb2.FactRecord(header=to_proto(head)).SerializeToString()
            + bodies[number % len(bodies)]
        )


def whole_contacts(contacts: int, at_ms: int) -> tuple[list[bytes], list[bytes]]:
    """Return a log of rulings and a log of facts in which every contact is of its own.

    Args:
        contacts: How many there are.
        at_ms: Time of all records.
    """
    codec = DispatcherCodec(1)
    floor = Floor(sessions=1_000, centres=28)
    start = Header(FencePoint(1, _OWNER, 0), at_ms, control=Fence("bench-0"))
    facts_there = [codec.record(start, ())]
    rulings = [rulings_pb2.RulingRecord(header=to_proto(start)).SerializeToString()]
    called = [fact for n in range(contacts) for fact in _call(n, floor, at_ms)]
    for batch in [*_opening(floor), *_batches(called)]:
        point = FencePoint(1, _OWNER, len(facts_there))
        facts_there.append(codec.record(Header(point, at_ms), batch))
    for number in range(contacts):
        point = FencePoint(1, _OWNER, len(rulings))
        rulings.append(_ruling(Header(point, at_ms), number, floor, at_ms))
    return rulings, facts_there


def _opening(floor: Floor) -> list[Sequence[Fact]]:
    centres = tuple(CentreSlice(f"C{n}", (f"S{n}",), closed=False) for n in range(floor.centres))
    orders = (
        facts.MapApplied(1, centres),
        facts.PolicyApplied(1, 24 * _HOUR_MS, 60_000, required=False),
    )
    return [orders, *(([_signed_in(n, floor)]) for n in range(floor.sessions))]


def _signed_in(number: int, floor: Floor) -> Fact:
    session_id, centre_id = f"s{number}", f"C{number % floor.centres}"
    return facts.SignedIn(
        session_id,
        centre_id,
        ("hi",),
        1,
        _BOOT,
        _nonce(number),
        resumed=False,
        activity=Activity.AVAILABLE,
    )


def _minute(floor: Floor, from_ms: int) -> list[Fact]:
    contacts = min(round(60 * floor.contacts_per_s), floor.sessions)
    return [fact for number in range(contacts) for fact in _call(number, floor, from_ms)]


def _call(number: int, floor: Floor, at_ms: int) -> tuple[Fact, ...]:
    caller = number % floor.sessions
    centre = caller % floor.centres
    session_id, nonce = f"s{caller}", _nonce(caller)
    seat_id, centre_id = f"S{centre}", f"C{centre}"
    person_key = number.to_bytes(16, "big")
    attempt = Attempt(f"c{number}", 1, 1)
    contact = Contact(attempt.contact_id, 1, person_key, "hi", 5, "bench", _SEALED)
    return (
        facts.Queued(contact, seat_id, centre_id, at_ms + _HOUR_MS, 1, 1),
        facts.Offered(
            *(attempt, session_id, 1, nonce, at_ms + 20_000, seat_id, "hi", "bench", 5, 1, 1)
        ),
        facts.Confirmed(
            *(attempt, session_id, 1, nonce, at_ms + 15_000),
            *(_SEALED, person_key, seat_id, centre_id, "bench"),
        ),
        facts.DialStarted(attempt, session_id, nonce),
        facts.Ended(
            *(attempt, session_id, nonce, EndReason.OUTCOME, Disposition.REACHED, at_ms + _HOUR_MS),
            *(True, seat_id, centre_id, at_ms, at_ms, 12_000),
        ),
    )


def _ruling(header: Header, number: int, floor: Floor, at_ms: int) -> bytes:
    centre = number % floor.sessions % floor.centres
    contact = contacts_pb2.Contact(
        contact_id=f"c{number}",
        release=1,
        person_key=number.to_bytes(16, "big"),
        seat_id=f"S{centre}",
        language="hi",
        priority=5,
        campaign="bench",
        sealed=_SEALED,
    )
    ruling = rulings_pb2.Ruling(
        contact=contact, seat_id=f"S{centre}", map_version=1, policy_version=1
    )
    ruling.routed.centre_id = f"C{centre}"
    ruling.routed.allow_until.FromMilliseconds(at_ms + _HOUR_MS)
    record = rulings_pb2.RulingRecord(header=to_proto(header), rulings=[ruling])
    return record.SerializeToString()


def _batches(entries: Sequence[Fact]) -> list[Sequence[Fact]]:
    return [entries[at : at + FACTS_A_RECORD] for at in range(0, len(entries), FACTS_A_RECORD)]


def _body(batch: Sequence[Fact]) -> bytes:
    record = facts_pb2.FactRecord.FromString(
        DispatcherCodec(1).record(Header(FencePoint(1, _OWNER, 1), 0), batch)
    )
    record.ClearField("header")
    return record.SerializeToString()


def _nonce(number: int) -> bytes:
    return number.to_bytes(8, "big")

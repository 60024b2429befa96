"""Facts that answer operators' orders, and orders of the map log."""

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2
from seatline.map.v1 import map_pb2
from tests.support.recorder_entries import NOON_MS, attempt

CAMPAIGN = map_pb2.STOP_SCOPE_CAMPAIGN


def signed(fact: facts_pb2.Fact, at_ms: int = NOON_MS, by: str = "Asha") -> facts_pb2.Fact:
    signature = getattr(fact, str(fact.WhichOneof("kind"))).signature
    signature.by, signature.why = by, "a test"
    signature.ordered_at.FromMilliseconds(at_ms)
    return fact


def stop_applied(offers: int = 0, at_ms: int = NOON_MS, name: str = "survey") -> facts_pb2.Fact:
    said = {"scope": CAMPAIGN, "id": name, "open_offers": offers}
    return signed(facts_pb2.Fact(stop_applied=said), at_ms)


def stop_lifted(at_ms: int = NOON_MS) -> facts_pb2.Fact:
    return signed(facts_pb2.Fact(stop_lifted={"scope": CAMPAIGN, "id": "survey"}), at_ms)


def taken_back(
    reason: facts_pb2.RescindReason.ValueType = facts_pb2.RESCIND_REASON_STOPPED,
) -> facts_pb2.Fact:
    about = attempt("c-1", 1)
    return facts_pb2.Fact(offer_rescinded={"attempt": about, "session_id": "s-1", "reason": reason})


def signed_in(session_id: str = "s-1") -> facts_pb2.Fact:
    return facts_pb2.Fact(signed_in={"session_id": session_id, "centre_id": "C001", "activity": 2})


def signed_out(session_id: str = "s-1", at_ms: int = NOON_MS) -> facts_pb2.Fact:
    return signed(facts_pb2.Fact(signed_out={"session_id": session_id, "reason": 4}), at_ms)


def draining(session_id: str = "s-1", at_ms: int = NOON_MS) -> facts_pb2.Fact:
    return signed(facts_pb2.Fact(session_draining={"session_id": session_id, "reason": 4}), at_ms)


def handed_back(contact_id: str = "a", at_ms: int = NOON_MS) -> facts_pb2.Fact:
    reason = facts_pb2.RETURN_REASON_BY_HAND
    fact = facts_pb2.Fact(returned={"contact_id": contact_id, "release": 1, "reason": reason})
    return signed(fact, at_ms)


def not_released(
    reason: int, contact_id: str = "a", session_id: str = "", at_ms: int = NOON_MS
) -> facts_pb2.Fact:
    about = commands_pb2.Attempt(contact_id=contact_id, release=1)
    refused = {"command": "release_contact", "reason": reason, "session_id": session_id}
    return signed(facts_pb2.Fact(command_refused={**refused, "attempt": about}), at_ms)


def not_ended(session_id: str = "s-1") -> facts_pb2.Fact:
    refused = {"command": "end_session", "reason": 1, "session_id": session_id}
    return signed(facts_pb2.Fact(command_refused=refused))


def stop(*, resume: bool = False, name: str = "survey", by: str = "Asha") -> bytes:
    record = map_pb2.MapRecord(by=by, why="a test")
    order = record.resume if resume else record.stop
    order.scope, order.id = CAMPAIGN, name
    return record.SerializeToString()


def seat_map(*seats: tuple[str, str], version: int = 1) -> bytes:
    """Write a map with seats and their centres."""
    record = map_pb2.MapRecord(by="Asha", why="a test")
    record.seat_map.version = version
    for seat_id, centre_id in seats:
        record.seat_map.seats.add(seat_id=seat_id, centre_id=centre_id)
        record.seat_map.centres.add(centre_id=centre_id)
    return record.SerializeToString()

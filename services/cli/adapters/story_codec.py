"""Rulings, facts and arrivals as lines of a story; nothing that identifies a person is in them."""

from collections.abc import Callable
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from seatline.commands.v1 import commands_pb2
from seatline.contacts.v1 import contacts_pb2
from seatline.facts.v1 import facts_pb2, session_pb2
from seatline.rulings.v1 import rulings_pb2
from services.cli.adapters.audit_logs import identified
from services.cli.domain.story import Detail, Told

Line = tuple[str, dict[str, Detail]]


def told_arrival(contact: contacts_pb2.Contact, at_ms: int, where: str) -> Told:
    """Tell that a contact arrived."""
    details: dict[str, Detail] = {
        "seat_id": contact.seat_id,
        "segment_id": contact.segment_id,
        "language": contact.language,
        "priority": contact.priority,
        "campaign": contact.campaign,
        "valid_until_ms": _ms(contact, "valid_until"),
        "due_at_ms": _ms(contact, "due_at"),
    }
    through = ""
    if contact.HasField("source"):
        through = f" through intake ({contact.source.partition}@{contact.source.offset})"
    seat = contact.seat_id or contact.segment_id
    text = f"arrived{through} for {seat}, priority {contact.priority}"
    return Told(at_ms, where, "arrived", text, contact.release, details)


def told_ruling(
    ruling: rulings_pb2.Ruling, at_ms: int, where: str, *, recorded: bool = True
) -> Told:
    """Tell what the router ruled."""
    kind = str(ruling.WhichOneof("outcome"))
    details: dict[str, Detail] = {
        "seat_id": ruling.seat_id,
        "map_version": ruling.map_version,
        "policy_version": ruling.policy_version,
    }
    under = f"map {ruling.map_version}, policy {ruling.policy_version}"
    if kind == "routed":
        routed = ruling.routed
        details |= {
            "centre_id": routed.centre_id,
            "partition": routed.partition,
            "overflow": routed.overflow,
            "language": ruling.contact.language,
            "allow_until_ms": _ms(routed, "allow_until"),
        }
        home = "as overflow" if routed.overflow else "its home centre"
        text = f"seat {ruling.seat_id} routed to {routed.centre_id}, {home} ({under})"
    elif kind == "held":
        reason = word(rulings_pb2.HeldReason, ruling.held.reason)
        details |= {"reason": reason, "until_ms": _ms(ruling.held, "until")}
        text = f"seat {ruling.seat_id} held: {reason} ({under})"
    else:
        reason = word(rulings_pb2.RefusedReason, ruling.refused.reason)
        details |= {"reason": reason, "field": ruling.refused.field}
        about = f" (field {ruling.refused.field})" if ruling.refused.field else ""
        text = f"refused: {reason}{about} ({under})"
    return Told(at_ms, where, kind, text, ruling.contact.release, details, recorded)


def told_fact(fact: facts_pb2.Fact, at_ms: int, where: str, *, recorded: bool = True) -> Told:
    """Tell a fact."""
    kind = str(fact.WhichOneof("kind"))
    body = getattr(fact, kind)
    text, details = _LINES.get(kind, _plain)(body)
    who = identified(fact)
    attempt = getattr(body, "attempt", None)
    if who is None and attempt is not None and kind == "outcome_amended":
        who = (attempt.contact_id, attempt.release)
    about = {"session_id": getattr(body, "session_id", None)}
    if who is not None:
        about["contact_id"] = who[0]
    if isinstance(attempt, commands_pb2.Attempt):
        details = {"attempt": attempt.attempt, **details}
    named = {name: value for name, value in about.items() if value}
    if "signature" in body.DESCRIPTOR.fields_by_name and body.HasField("signature"):
        by, why = body.signature.by, body.signature.why
        details = {**details, "ordered_by": by, "why": why}
        text = f"{text or kind.replace('_', ' ')}; ordered by {by}: {why or 'no reason given'}"
    label = kind.replace("_", " ")
    release = who[1] if who else None
    return Told(at_ms, where, kind, text or label, release, {**named, **details}, recorded)


def _queued(body: facts_pb2.Queued) -> Line:
    text = f"queued at {body.centre_id} (map {body.map_version}, policy {body.policy_version})"
    return text, {
        "seat_id": body.seat_id,
        "centre_id": body.centre_id,
        "language": body.contact.language,
        "priority": body.contact.priority,
        "map_version": body.map_version,
        "policy_version": body.policy_version,
        "allow_until_ms": _ms(body, "allow_until"),
    }


def _offered(body: facts_pb2.Offered) -> Line:
    text = (
        f"attempt {body.attempt.attempt} offered to {body.session_id}, one of "
        f"{body.ready_callers} ready callers, with {body.waiting_contacts} contacts waiting"
    )
    return text, {
        "ready_callers": body.ready_callers,
        "waiting_contacts": body.waiting_contacts,
        "language": body.language,
        "generation": body.generation,
        "lease_until_ms": _ms(body, "lease_until"),
    }


def _expired(body: facts_pb2.OfferExpired) -> Line:
    return f"{body.session_id} did not answer; back in its place", {}


def _declined(body: facts_pb2.OfferDeclined) -> Line:
    return f"{body.session_id} declined; back in its place", {}


def _rescinded(body: facts_pb2.OfferRescinded) -> Line:
    reason = word(facts_pb2.RescindReason, body.reason)
    return f"taken back from {body.session_id}: {reason}", {"reason": reason}


def _confirmed(body: facts_pb2.Confirmed) -> Line:
    return f"confirmed for {body.session_id}", {
        "generation": body.generation,
        "seat_id": body.seat_id,
        "centre_id": body.centre_id,
        "dial_by_ms": _ms(body, "dial_by"),
    }


def _dial_started(body: facts_pb2.DialStarted) -> Line:
    return f"{body.session_id} dials", {}


def _call_ended(body: facts_pb2.CallEnded) -> Line:
    return f"{body.session_id} hung up", {"wrap_up_until_ms": _ms(body, "wrap_up_until")}


def _ended(body: facts_pb2.Ended) -> Line:
    reason = word(facts_pb2.EndReason, body.reason)
    disposition = word(commands_pb2.Disposition, body.disposition)
    outcome = f"{reason} {disposition}" if body.disposition else reason
    spent = "" if body.attempt_spent else ", no attempt spent"
    return f"ended: {outcome}{spent}", {
        "reason": reason,
        "disposition": disposition if body.disposition else None,
        "attempt_spent": body.attempt_spent,
        "centre_id": body.centre_id,
        "not_before_ms": _ms(body, "not_before"),
        "talk_milliseconds": body.talk.ToMilliseconds() if body.HasField("talk") else None,
    }


def _amended(body: facts_pb2.OutcomeAmended) -> Line:
    disposition = word(commands_pb2.Disposition, body.disposition)
    text = f"{body.session_id} gave the outcome again: {disposition}"
    return text, {"disposition": disposition}


def _returned(body: facts_pb2.Returned) -> Line:
    reason = word(facts_pb2.ReturnReason, body.reason)
    seconds = body.waited.ToMilliseconds() / 1000
    text = f"returned to the bank by {body.centre_id} after {seconds:.1f} s: {reason}"
    return text, {"reason": reason, "centre_id": body.centre_id, "priority": body.priority}


def _signed_in(body: session_pb2.SignedIn) -> Line:
    how = "resumed" if body.resumed else "signed in"
    activity = word(session_pb2.Activity, body.activity)
    text = f"{how} at {body.centre_id}, generation {body.generation}, {activity}"
    return text, {
        "centre_id": body.centre_id,
        "generation": body.generation,
        "languages": ";".join(body.languages),
        "activity": activity,
    }


def _signed_out(body: session_pb2.SignedOut) -> Line:
    reason = word(session_pb2.SignOutReason, body.reason)
    return f"signed out: {reason}", {"reason": reason}


def _paused(body: session_pb2.SessionPaused) -> Line:
    return f"paused: {body.reason}", {"reason": body.reason, "until_ms": _ms(body, "until")}


def _draining(body: session_pb2.SessionDraining) -> Line:
    reason = word(session_pb2.DrainReason, body.reason)
    return f"draining: {reason}", {"reason": reason}


def _refused(body: session_pb2.CommandRefused) -> Line:
    reason = word(session_pb2.RefusalReason, body.reason)
    return f"command {body.command} refused: {reason}", {"reason": reason}


def _plain(_: object) -> Line:
    return "", {}


_LINES: dict[str, Callable[[Any], Line]] = {
    "queued": _queued,
    "offered": _offered,
    "offer_expired": _expired,
    "offer_declined": _declined,
    "offer_rescinded": _rescinded,
    "confirmed": _confirmed,
    "dial_started": _dial_started,
    "call_ended": _call_ended,
    "ended": _ended,
    "outcome_amended": _amended,
    "returned": _returned,
    "signed_in": _signed_in,
    "signed_out": _signed_out,
    "session_paused": _paused,
    "session_draining": _draining,
    "command_refused": _refused,
}


def _ms(message: Any, field: str) -> int | None:
    if not message.HasField(field):
        return None
    stamp: Timestamp = getattr(message, field)
    return stamp.seconds * 1000 + stamp.nanos // 1_000_000


def word(enum: Any, value: int) -> str:
    """Return an enum value without its prefix, in lower case; a number when it is unknown."""
    values = enum.DESCRIPTOR.values_by_number
    if value not in values:
        return str(value)
    prefix = "".join(f"_{c}" if c.isupper() else c for c in enum.DESCRIPTOR.name).lstrip("_")
    return str(values[value].name).removeprefix(f"{prefix.upper()}_").lower()

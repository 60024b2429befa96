"""Protobuf to the recorder's entries. Total: anything else than a known record is one error."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from seatline.commands.v1 import commands_pb2
from seatline.contacts.v1 import contacts_pb2
from seatline.facts.v1 import facts_pb2, orders_pb2, session_pb2, signature_pb2
from seatline.rulings.v1 import rulings_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.recorder.adapters.values import BIGINT_MAX, bigint, instant, span, text, time
from services.recorder.domain.entries import (
    BANK,
    AmendDetail,
    CentreId,
    ContactId,
    Content,
    Control,
    Detail,
    EndDetail,
    Entry,
    ReturnDetail,
    RulingDetail,
    WithdrawDetail,
)
from services.runtime.errors import PoisonError
from services.runtime.fenced_log.header import Fence, Header, Yield, brief, to_proto
from services.runtime.fenced_log.wishes import Request

_PERSON_KEY_BYTES = 16
REQUEST = "request"

_Subject = tuple[ContactId | None, int | None, int | None]
"""Contact, release, attempt."""
_M = TypeVar("_M", bound=Message)


class UndecodableError(PoisonError):
    """A record of a fenced log is not what its writers write."""


def decode_rulings(value: bytes) -> tuple[Header, tuple[Entry, ...]]:
    """Return header and entries of a record of the rulings log.

    Raises:
        UndecodableError: It is none, or holds an entry that this reader does not know.
    """
    record = _parsed(rulings_pb2.RulingRecord(), value)
    return _header(record), tuple(_ruling(ruling) for ruling in record.rulings)


def decode_facts(value: bytes) -> tuple[Header, tuple[Entry, ...]]:
    """Return header and entries of a record of the facts log.

    Raises:
        UndecodableError: It is none, or holds an entry that this reader does not know.
    """
    record = _parsed(facts_pb2.FactRecord(), value)
    return _header(record), tuple(_fact(fact) for fact in record.facts)


def control_of(header: Header, appended_at_ms: int) -> Control | None:
    """Return what is kept of a record's control; None when there is none, or nobody asks later.

    A slot's own requests are part of the traffic; a person's are to be found again.
    """
    match header.control:
        case Fence():
            kind = "fence"
        case Yield():
            kind = "yielding"
        case Request(slot=""):
            kind = REQUEST
        case _:
            return None
    payload = to_proto(replace(header, inputs=(), failures=()))
    return Control(kind, instant(appended_at_ms), payload.SerializeToString())


def _parsed(record: _M, value: bytes) -> _M:
    try:
        record.ParseFromString(value)
    except DecodeError as error:
        raise UndecodableError("it is no protobuf record of this log") from error
    return record


def _header(record: rulings_pb2.RulingRecord | facts_pb2.FactRecord) -> Header:
    if not record.HasField("header"):
        raise UndecodableError("header: it is missing", "header")
    header = brief(record.header)
    point = header.point
    if max(point.epoch, point.seq) > BIGINT_MAX:
        raise UndecodableError("header: epoch or seq is out of range", "header")
    return header


def _ruling(ruling: rulings_pb2.Ruling) -> Entry:
    kind = ruling.WhichOneof("outcome")
    contact = ruling.contact
    reason: str | None = None
    centre_id: CentreId | None = None
    detail: Detail | None = None
    match kind:
        case "routed":
            centre_id = text(ruling.routed.centre_id)
            detail = RulingDetail(_content(contact, ruling.seat_id), None)
        case "held":
            reason = _name(rulings_pb2.HeldReason, ruling.held.reason)
            detail = RulingDetail(_content(contact, ruling.seat_id), time(ruling.held, "until"))
        case "refused":
            reason = _name(rulings_pb2.RefusedReason, ruling.refused.reason)
        case _:
            raise UndecodableError("rulings: the outcome of one is unknown", "rulings")
    contact.ClearField("sealed")
    return Entry(
        kind,
        ruling.SerializeToString(),
        text(contact.contact_id),
        bigint(contact.release),
        None,
        None,
        text(ruling.seat_id),
        centre_id,
        reason,
        bigint(ruling.map_version) or None,
        bigint(ruling.policy_version) or None,
        detail,
    )


def _content(contact: contacts_pb2.Contact, seat_id: str) -> Content:
    return Content(
        person_key=contact.person_key,
        seat_id=text(seat_id or contact.seat_id),
        segment_id=text(contact.segment_id),
        language=text(contact.language),
        campaign=text(contact.campaign),
        priority=min(contact.priority, 32_767),
        wanted_at=time(contact, "due_at"),
        sealed=contact.sealed,
    )


def _fact(fact: facts_pb2.Fact) -> Entry:
    kind = fact.WhichOneof("kind")
    if kind is None:
        raise UndecodableError("facts: the kind of one is unknown", "facts")
    message: Any = getattr(fact, kind)
    shape = _SHAPES[kind]
    detail = shape.detail(message) if shape.detail else None
    reason = _name(shape.reasons, message.reason) if shape.reasons else _FIXED_REASONS.get(kind)
    contact_id, release_id, attempt = shape.subject(message)
    # Sealed text stands in the bank, once, where an erasure finds it.
    if shape.contact:
        message.contact.ClearField("sealed")
    elif shape.sealed:
        message.ClearField("sealed")
    return Entry(
        kind,
        fact.SerializeToString(),
        contact_id,
        release_id,
        attempt,
        text(message.session_id) if shape.session_id else None,
        text(message.seat_id) if shape.seat_id else None,
        text(message.centre_id) if shape.centre_id else None,
        reason,
        bigint(message.map_version) if shape.map_version else None,
        bigint(message.policy_version) if shape.policy_version else None,
        detail,
        _ordered_at(message) if shape.signature else None,
    )


def _ordered_at(message: Any) -> datetime | None:
    """Return when an operator gave the order; the bank's own are no operator's."""
    signature: signature_pb2.Signature = message.signature
    return None if signature.by == BANK else time(signature, "ordered_at")


def _of_attempt(message: Any) -> _Subject:
    about: commands_pb2.Attempt = message.attempt
    contact_id = text(about.contact_id)
    return contact_id, bigint(about.release) if contact_id else None, about.attempt


def _of_contact(message: Any) -> _Subject:
    contact: contacts_pb2.Contact = message.contact
    return text(contact.contact_id), bigint(contact.release), None


def _of_release(message: Any) -> _Subject:
    return text(message.contact_id), bigint(message.release), None


def _of_contact_alone(message: Any) -> _Subject:
    return text(message.contact_id), None, None


def _of_nobody(_message: Any) -> _Subject:
    return None, None, None


_SUBJECTS: dict[str, Callable[[Any], _Subject]] = {
    "attempt": _of_attempt,
    "contact": _of_contact,
    "release": _of_release,
    "contact_id": _of_contact_alone,
}
"""How to read what a fact is about, by the field that tells; the first one that it has."""


def _end(ended: facts_pb2.Ended) -> EndDetail:
    return EndDetail(
        disposition=_name(commands_pb2.Disposition, ended.disposition)
        if ended.disposition
        else None,
        not_before=time(ended, "not_before"),
        attempt_spent=ended.attempt_spent,
        offered_at=time(ended, "offered_at"),
        confirmed_at=time(ended, "confirmed_at"),
        talk=span(ended, "talk"),
    )


def _amend(amended: facts_pb2.OutcomeAmended) -> AmendDetail:
    return AmendDetail(_name(commands_pb2.Disposition, amended.disposition))


def _return(returned: facts_pb2.Returned) -> ReturnDetail:
    return ReturnDetail(span(returned, "waited"))


def _withdraw(applied: orders_pb2.WithdrawalApplied) -> WithdrawDetail | None:
    """Return what a disposition gave; an order is known to everybody already."""
    if not applied.provisional:
        return None
    named = applied.person_key or applied.contact_id
    if not named or len(applied.person_key) not in (0, _PERSON_KEY_BYTES):
        # Published, it would stop every reader of withdrawals.
        raise UndecodableError("person_key: a withdrawal names nobody", "person_key")
    kind = _name(suppressions_pb2.WithdrawalKind, applied.kind)
    if kind != "opt_out":
        raise UndecodableError("kind: no disposition withdraws so", "kind")
    return WithdrawDetail(applied.person_key or None, kind)


_DETAILS: dict[str, Callable[[Any], Detail | None]] = {
    "ended": _end,
    "outcome_amended": _amend,
    "returned": _return,
    "withdrawal_applied": _withdraw,
}

_REASONS: dict[str, Any] = {
    "offer_rescinded": facts_pb2.RescindReason,
    "ended": facts_pb2.EndReason,
    "returned": facts_pb2.ReturnReason,
    "signed_out": session_pb2.SignOutReason,
    "session_draining": session_pb2.DrainReason,
    "command_refused": session_pb2.RefusalReason,
}
_FIXED_REASONS = {"offer_expired": "expired", "offer_declined": "declined"}


class _Shape(NamedTuple):
    """What a kind of fact has; to ask its descriptor for each fact would cost more."""

    subject: Callable[[Any], _Subject]
    detail: Callable[[Any], Detail | None] | None
    reasons: Any
    """The enum of `reason`; None where there is none."""
    contact: bool
    sealed: bool
    session_id: bool
    seat_id: bool
    centre_id: bool
    map_version: bool
    policy_version: bool
    signature: bool


def _shape(field: FieldDescriptor) -> _Shape:
    message: Any = field.message_type
    kind, fields = field.name, message.fields_by_name
    subject = next((read for name, read in _SUBJECTS.items() if name in fields), _of_nobody)
    there = (name in fields for name in _Shape._fields[3:])
    return _Shape(subject, _DETAILS.get(kind), _REASONS.get(kind), *there)


_SHAPES = {
    field.name: _shape(field) for field in facts_pb2.Fact.DESCRIPTOR.oneofs_by_name["kind"].fields
}


@cache  # of the values that there are: an unknown one raises, and nothing is kept of it
def _name(names: Any, number: int) -> str:
    """Return an enum value in lower case, without the prefix that its zero value shows."""
    prefix = str(names.Name(0)).removesuffix("UNSPECIFIED")
    try:
        return str(names.Name(number)).removeprefix(prefix).lower()
    except ValueError as error:
        raise UndecodableError(f"{prefix}: {number} is unknown") from error

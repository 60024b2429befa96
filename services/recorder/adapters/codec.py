"""Protobuf to the recorder's entries. Total: anything else than a known record is one error."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from google.protobuf.descriptor import Descriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from seatline.commands.v1 import commands_pb2
from seatline.contacts.v1 import contacts_pb2
from seatline.facts.v1 import facts_pb2, orders_pb2, session_pb2
from seatline.rulings.v1 import rulings_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.recorder.domain.entries import (
    AmendDetail,
    CentreId,
    ContactId,
    Content,
    Detail,
    EndDetail,
    Entry,
    ReturnDetail,
    RulingDetail,
    SeatId,
    SessionId,
    WithdrawDetail,
)
from services.runtime.errors import PoisonError
from services.runtime.fenced_log.header import Header, brief

_TEXT_MAX = 200
_BIGINT_MAX = 2**63 - 1
_PERSON_KEY_BYTES = 16
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, tzinfo=UTC)
_LAST_S = int((_LAST - _FIRST).total_seconds())

_T = TypeVar("_T", bound=str)
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


def instant(milliseconds: int) -> datetime:
    """Return an aware time; one outside the years 1970 to 9999 becomes the nearest inside."""
    return _FIRST + timedelta(milliseconds=min(max(milliseconds, 0), _LAST_S * 1000))


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
    if max(point.epoch, point.seq) > _BIGINT_MAX:
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
            centre_id = _text(ruling.routed.centre_id, CentreId)
            detail = RulingDetail(_content(contact, ruling.seat_id), None)
        case "held":
            reason = _name(rulings_pb2.HeldReason, ruling.held.reason)
            detail = RulingDetail(_content(contact, ruling.seat_id), _time(ruling.held, "until"))
        case "refused":
            reason = _name(rulings_pb2.RefusedReason, ruling.refused.reason)
        case _:
            raise UndecodableError("rulings: the outcome of one is unknown", "rulings")
    contact.ClearField("sealed")
    return Entry(
        kind=kind,
        payload=ruling.SerializeToString(),
        contact_id=_text(contact.contact_id, ContactId),
        release_id=_bigint(contact.release),
        seat_id=_text(ruling.seat_id, SeatId),
        centre_id=centre_id,
        reason=reason,
        map_version=_bigint(ruling.map_version) or None,
        policy_version=_bigint(ruling.policy_version) or None,
        detail=detail,
    )


def _content(contact: contacts_pb2.Contact, seat_id: str) -> Content:
    return Content(
        person_key=contact.person_key,
        seat_id=_text(seat_id or contact.seat_id, SeatId),
        segment_id=_text(contact.segment_id, str),
        language=_text(contact.language, str),
        campaign=_text(contact.campaign, str),
        priority=min(contact.priority, 32_767),
        wanted_at=_time(contact, "due_at"),
        sealed=contact.sealed,
    )


def _fact(fact: facts_pb2.Fact) -> Entry:
    kind = fact.WhichOneof("kind")
    if kind is None:
        raise UndecodableError("facts: the kind of one is unknown", "facts")
    message: Any = getattr(fact, kind)
    fields = _fields(message.DESCRIPTOR)
    detail = _DETAILS[kind](message) if kind in _DETAILS else None
    contact_id, release_id, attempt = _subject(message, fields)
    _unseal(message, fields)
    return Entry(
        kind=kind,
        payload=fact.SerializeToString(),
        contact_id=contact_id,
        release_id=release_id,
        attempt=attempt,
        session_id=_optional(message, fields, "session_id", SessionId),
        seat_id=_optional(message, fields, "seat_id", SeatId),
        centre_id=_optional(message, fields, "centre_id", CentreId),
        reason=_reason(kind, message),
        map_version=_bigint(message.map_version) if "map_version" in fields else None,
        policy_version=_bigint(message.policy_version) if "policy_version" in fields else None,
        detail=detail,
    )


@cache
def _fields(descriptor: Descriptor) -> frozenset[str]:
    """Return the names of a message's fields; asking the descriptor each time costs more."""
    return frozenset(descriptor.fields_by_name)


def _subject(
    message: Any, fields: frozenset[str]
) -> tuple[ContactId | None, int | None, int | None]:
    if "attempt" in fields:
        about: commands_pb2.Attempt = message.attempt
        contact_id = _text(about.contact_id, ContactId)
        return contact_id, _bigint(about.release) if contact_id else None, about.attempt
    if "contact" in fields:
        contact: contacts_pb2.Contact = message.contact
        return _text(contact.contact_id, ContactId), _bigint(contact.release), None
    if "contact_id" in fields:
        release = _bigint(message.release) if "release" in fields else None
        return _text(message.contact_id, ContactId), release, None
    return None, None, None


def _unseal(message: Any, fields: frozenset[str]) -> None:
    """Drop sealed text: it stands in the bank, once, where an erasure finds it."""
    if "contact" in fields:
        message.contact.ClearField("sealed")
    elif "sealed" in fields:
        message.ClearField("sealed")


def _end(ended: facts_pb2.Ended) -> EndDetail:
    return EndDetail(
        disposition=_name(commands_pb2.Disposition, ended.disposition)
        if ended.disposition
        else None,
        not_before=_time(ended, "not_before"),
        attempt_spent=ended.attempt_spent,
        offered_at=_time(ended, "offered_at"),
        confirmed_at=_time(ended, "confirmed_at"),
        talk=_span(ended, "talk"),
    )


def _amend(amended: facts_pb2.OutcomeAmended) -> AmendDetail:
    return AmendDetail(_name(commands_pb2.Disposition, amended.disposition))


def _return(returned: facts_pb2.Returned) -> ReturnDetail:
    return ReturnDetail(_span(returned, "waited"))


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


def _reason(kind: str, message: Any) -> str | None:
    names = _REASONS.get(kind)
    return _name(names, message.reason) if names is not None else _FIXED_REASONS.get(kind)


@cache  # of the values that there are: an unknown one raises, and nothing is kept of it
def _name(names: Any, number: int) -> str:
    """Return an enum value in lower case, without the prefix that its zero value shows."""
    prefix = str(names.Name(0)).removesuffix("UNSPECIFIED")
    try:
        return str(names.Name(number)).removeprefix(prefix).lower()
    except ValueError as error:
        raise UndecodableError(f"{prefix}: {number} is unknown") from error


def _optional(
    message: Any, fields: frozenset[str], name: str, kind: Callable[[str], _T]
) -> _T | None:
    return _text(getattr(message, name), kind) if name in fields else None


def _text(text: str, kind: Callable[[str], _T]) -> _T | None:
    """Return text that Postgres can keep and index; None when empty.

    Refused contacts come with whatever their source sent: a NUL, or a megabyte. Such a text becomes
    its beginning and a digest, the same each time and another for every other text.
    """
    if not text:
        return None
    if len(text) <= _TEXT_MAX and "\0" not in text:
        return kind(text)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return kind(f"{text[:64].replace(chr(0), chr(0xFFFD))}~{digest}")


def _bigint(number: int) -> int:
    return min(number, _BIGINT_MAX)


def _time(message: Message, field: str) -> datetime | None:
    if not message.HasField(field):
        return None
    stamp: Timestamp = getattr(message, field)
    return instant(stamp.seconds * 1000 + stamp.nanos // 1_000_000)


def _span(message: Message, field: str) -> timedelta | None:
    if not message.HasField(field):
        return None
    duration: Duration = getattr(message, field)
    seconds = min(max(duration.seconds, 0), _LAST_S)
    return timedelta(seconds=seconds, microseconds=duration.nanos // 1000)

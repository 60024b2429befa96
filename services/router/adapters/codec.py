"""Between the wire and the router's values. Total: bytes give values or `PoisonError`."""

from collections.abc import Iterable
from typing import TypeVar, assert_never

from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from seatline.contacts.v1 import contacts_pb2
from seatline.log.v1 import log_pb2
from seatline.rulings.v1 import rulings_pb2
from services.router.domain.contact import (
    CampaignId,
    Contact,
    ContactId,
    ForeignSource,
    PersonKey,
    SeatId,
    SegmentId,
)
from services.router.domain.ruling import (
    Held,
    HeldReason,
    Outcome,
    Refused,
    RefusedReason,
    Routed,
    Ruling,
)
from services.router.domain.seat_table import CentreId
from services.runtime.errors import PoisonError

M = TypeVar("M", bound=Message)
E = TypeVar("E")

_HELD_OUT = {each: rulings_pb2.HeldReason.Value(f"HELD_REASON_{each.name}") for each in HeldReason}
_HELD_IN: dict[int, HeldReason] = {number: each for each, number in _HELD_OUT.items()}
_REFUSED_OUT = {
    each: rulings_pb2.RefusedReason.Value(f"REFUSED_REASON_{each.name}") for each in RefusedReason
}
_REFUSED_IN: dict[int, RefusedReason] = {number: each for each, number in _REFUSED_OUT.items()}


def decode_contacts(value: bytes) -> list[Contact]:
    """Return the entries of a contacts record, in their order, unchecked.

    Raises:
        PoisonError: The bytes are no contacts record.
    """
    record = parsed(contacts_pb2.ContactRecord, value)
    return [_contact_in(each) for each in record.contacts]


def encode_entry(ruling: Ruling) -> bytes:
    """Return one ruling in the form in which it stands in a record, to be joined by `join`."""
    record = rulings_pb2.RulingRecord()
    # Filled in place: building the parts and copying them together takes twice as long.
    message = record.rulings.add()
    _fill_contact(message.contact, ruling.contact)
    message.seat_id = ruling.seat_id
    message.map_version = ruling.map_version
    message.policy_version = ruling.policy_version
    _fill_outcome(message, ruling.outcome)
    return record.SerializeToString()


def join(header: log_pb2.Header, entries: Iterable[bytes]) -> bytes:
    """Return the record of a header and encoded entries: fields on the wire just follow."""
    return rulings_pb2.RulingRecord(header=header).SerializeToString() + b"".join(entries)


def encode_rulings(header: log_pb2.Header, rulings: Iterable[Ruling]) -> bytes:
    """Return a whole record of `rulings`."""
    return join(header, map(encode_entry, rulings))


def decode_rulings(value: bytes) -> list[Ruling]:
    """Return the rulings of a record, in their order; none for a fence, claim or heartbeat.

    Raises:
        PoisonError: The bytes are no rulings record, or hold an entry that this code does not
            know: its reader must be upgraded (rule 1.9).
    """
    return [_ruling_in(each) for each in parsed(rulings_pb2.RulingRecord, value).rulings]


def parsed(kind: type[M], value: bytes) -> M:
    """Return a message from its bytes.

    Raises:
        PoisonError: They are not such a message.
    """
    try:
        return kind.FromString(value)
    except DecodeError:
        raise PoisonError(f"not a {kind.DESCRIPTOR.full_name}") from None


def time_in(message: Message, field: str) -> int | None:
    """Return a timestamp field in milliseconds, None when it is absent."""
    if not message.HasField(field):
        return None
    stamp: Timestamp = getattr(message, field)
    return stamp.seconds * 1000 + stamp.nanos // 1_000_000


def fill_time(stamp: Timestamp, at_ms: int) -> None:
    """Write milliseconds into a timestamp field."""
    seconds, ms = divmod(at_ms, 1000)
    stamp.seconds = seconds
    stamp.nanos = ms * 1_000_000


def _contact_in(message: contacts_pb2.Contact) -> Contact:
    source = None
    if message.HasField("source"):
        source = ForeignSource(message.source.partition, message.source.offset)
    return Contact(
        ContactId(message.contact_id),
        message.release,
        time_in(message, "valid_until"),
        PersonKey(message.person_key),
        SeatId(message.seat_id),
        SegmentId(message.segment_id),
        message.language,
        message.priority,
        CampaignId(message.campaign),
        time_in(message, "due_at"),
        message.sealed,
        source,
        message.recorded,
    )


def _fill_contact(message: contacts_pb2.Contact, contact: Contact) -> None:
    message.contact_id = contact.contact_id
    message.release = contact.release
    message.person_key = contact.person_key
    message.seat_id = contact.seat_id
    message.segment_id = contact.segment_id
    message.language = contact.language
    message.priority = contact.priority
    message.campaign = contact.campaign
    message.sealed = contact.sealed
    message.recorded = contact.recorded
    if contact.valid_until_ms is not None:
        fill_time(message.valid_until, contact.valid_until_ms)
    if contact.due_at_ms is not None:
        fill_time(message.due_at, contact.due_at_ms)
    if contact.source is not None:
        message.source.partition = contact.source.partition
        message.source.offset = contact.source.offset


def _fill_outcome(message: rulings_pb2.Ruling, outcome: Outcome) -> None:
    match outcome:
        case Routed():
            routed = message.routed
            routed.centre_id = outcome.centre_id
            routed.partition = outcome.partition
            routed.overflow = outcome.overflow
            fill_time(routed.allow_until, outcome.allow_until_ms)
        case Held():
            message.held.reason = _HELD_OUT[outcome.reason]
            if outcome.until_ms is not None:
                fill_time(message.held.until, outcome.until_ms)
        case Refused():
            message.refused.reason = _REFUSED_OUT[outcome.reason]
            message.refused.field = outcome.field
        case _:
            assert_never(outcome)


def _ruling_in(message: rulings_pb2.Ruling) -> Ruling:
    return Ruling(
        _contact_in(message.contact),
        SeatId(message.seat_id),
        message.map_version,
        message.policy_version,
        _outcome_in(message),
    )


def _outcome_in(message: rulings_pb2.Ruling) -> Outcome:
    match message.WhichOneof("outcome"):
        case "routed":
            routed = message.routed
            return Routed(
                CentreId(routed.centre_id),
                routed.partition,
                time_in(routed, "allow_until") or 0,
                routed.overflow,
            )
        case "held":
            return Held(
                _known(_HELD_IN, message.held.reason, "held.reason"),
                time_in(message.held, "until"),
            )
        case "refused":
            return Refused(
                _known(_REFUSED_IN, message.refused.reason, "refused.reason"),
                message.refused.field,
            )
        case _:
            raise PoisonError("a ruling without an outcome known here; upgrade this reader")


def _known(table: dict[int, E], number: int, field: str) -> E:
    if number not in table:
        raise PoisonError(f"{field} {number} is not known here; upgrade this reader", field)
    return table[number]

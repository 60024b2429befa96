"""Check what a producer wrote: a contact that the router can rule on, or the first reason why not.

The bounds are those of the router, so that what passes here is refused there only for what it is
about: its seat, its person, its time.
"""

from dataclasses import dataclass

from services.intake.domain.phone import e164
from services.intake.domain.values import (
    CheckedContact,
    ForeignContact,
    ForeignRecord,
    Person,
    Unfit,
    UnfitReason,
)

RECORD_BYTES_MAX = 65_536
ID_CHARS_MAX = 64
LANGUAGE_CHARS_MAX = 8
PHONE_CHARS_MAX = 32
NAME_CHARS_MAX = 200
PRIORITY_MAX = 9
PRIORITY_USUAL = 5
DUE_AHEAD_MAX_MS = 366 * 24 * 3_600_000

_CONTROL = frozenset(map(chr, [*range(32), *range(127, 160)]))


@dataclass(frozen=True, slots=True)
class Rules:
    """What the stack decides about foreign contacts."""

    country: str
    """Assumed for numbers without a country code; ISO 3166, upper case."""
    strict_phones: bool
    """True: the number must be assigned to somebody's range, not only possible."""
    valid_ms: int
    """From the append of the record to the end of its release."""


def check(foreign: ForeignContact, record: ForeignRecord, rules: Rules) -> CheckedContact | Unfit:
    """Return the contact of a record. The same record gives the same contact, whenever read."""
    unfit = _missing(foreign) or _unbounded(foreign, record)
    if unfit is not None:
        return unfit
    phone = e164(foreign.phone, rules.country, strict=rules.strict_phones)
    if phone is None:
        return Unfit(UnfitReason.INVALID_PHONE, "phone", foreign.contact_id)
    return CheckedContact(
        contact_id=foreign.contact_id,
        valid_until_ms=record.appended_at_ms + rules.valid_ms,
        person=Person(phone, foreign.name),
        seat_id=foreign.seat_id,
        segment_id=foreign.segment_id,
        language=foreign.language,
        priority=PRIORITY_USUAL if foreign.priority is None else foreign.priority,
        campaign=foreign.campaign,
        due_at_ms=foreign.due_at_ms,
        source_partition=record.partition,
        source_offset=record.offset,
    )


def shown_id(contact_id: str) -> str:
    """Return a contact id if it is fit to be shown, else nothing."""
    return contact_id if _is_name(contact_id, ID_CHARS_MAX) else ""


def _missing(foreign: ForeignContact) -> Unfit | None:
    missing = {
        "contact_id": not foreign.contact_id,
        "phone": not foreign.phone,
        "seat_id": not (foreign.seat_id or foreign.segment_id),
    }
    for field, is_missing in missing.items():
        if is_missing:
            return Unfit(UnfitReason.MISSING_FIELD, field, shown_id(foreign.contact_id))
    return None


def _unbounded(foreign: ForeignContact, record: ForeignRecord) -> Unfit | None:
    priority, due_at_ms = foreign.priority, foreign.due_at_ms
    fits = {
        "contact_id": _is_name(foreign.contact_id, ID_CHARS_MAX),
        "seat_id": _is_name(foreign.seat_id, ID_CHARS_MAX),
        "segment_id": _is_name(foreign.segment_id, ID_CHARS_MAX),
        "campaign": _is_name(foreign.campaign, ID_CHARS_MAX),
        "language": _is_name(foreign.language, LANGUAGE_CHARS_MAX),
        "phone": len(foreign.phone) <= PHONE_CHARS_MAX,
        "name": _is_speakable(foreign.name),
        "priority": priority is None or 0 <= priority <= PRIORITY_MAX,
        "due_at": due_at_ms is None or 0 <= due_at_ms <= record.appended_at_ms + DUE_AHEAD_MAX_MS,
    }
    for field, is_fit in fits.items():
        if not is_fit:
            return Unfit(UnfitReason.INVALID_FIELD, field, shown_id(foreign.contact_id))
    return None


def _is_name(text: str, limit: int) -> bool:
    return len(text) <= limit and text.isprintable()


def _is_speakable(name: str) -> bool:
    # Not `isprintable`: many scripts join letters with invisible characters.
    if len(name) > NAME_CHARS_MAX or not _CONTROL.isdisjoint(name):
        return False
    return not any("\ud800" <= char <= "\udfff" for char in name)

"""A contact as it arrives, and the bounds that its fields must keep.

Nothing of a contact that breaks a bound is copied into a ruling as it came: `cut` makes it fit, so
that one absurd field cannot grow the log, a row or a label.
"""

from dataclasses import dataclass, replace
from typing import NewType

ContactId = NewType("ContactId", str)
SeatId = NewType("SeatId", str)
SegmentId = NewType("SegmentId", str)
CampaignId = NewType("CampaignId", str)
PersonKey = NewType("PersonKey", bytes)

ID_CHARS_MAX = 64
LANGUAGE_CHARS_MAX = 8
PERSON_KEY_BYTES = 16
SEALED_BYTES_MAX = 4096
PRIORITY_MAX = 9
NUMBER_MAX = 2**63 - 1
"""Release numbers and offsets fit a signed 64-bit column of every store behind the log."""
DUE_AHEAD_MAX_MS = 366 * 24 * 3_600_000
"""A due time further away is a mistake of its source, not a plan."""

_CUT = "…"


@dataclass(frozen=True, slots=True)
class ForeignSource:
    """Record of a foreign topic that a contact came from."""

    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Contact:
    """One entry of `contacts`: a person released for calling once. Times are broker time."""

    contact_id: ContactId
    release: int
    valid_until_ms: int | None
    person_key: PersonKey
    seat_id: SeatId
    segment_id: SegmentId
    language: str
    priority: int
    campaign: CampaignId
    due_at_ms: int | None
    sealed: bytes
    source: ForeignSource | None = None
    recorded: bool = False
    """A mark: the release was ruled on in a log that is lost."""


def is_name(text: str) -> bool:
    """Tell whether a text may stand as an id: printable and not too long; may be empty."""
    return len(text) <= ID_CHARS_MAX and text.isprintable()


def identity_problem(contact: Contact) -> str | None:
    """Return the field for which a contact cannot be told from others, if any."""
    if not contact.contact_id or not is_name(contact.contact_id):
        return "contact_id"
    if not 1 <= contact.release <= NUMBER_MAX:
        return "release"
    return None


def field_problem(contact: Contact, at_ms: int, valid_ahead_max_ms: int) -> str | None:
    """Return the first field that is missing or outside its bounds, the identity aside."""
    return (
        _name_problem(contact)
        or _person_problem(contact)
        or _number_problem(contact)
        or _time_problem(contact, at_ms, valid_ahead_max_ms)
    )


def _name_problem(contact: Contact) -> str | None:
    if not is_name(contact.seat_id) or not (contact.seat_id or contact.segment_id):
        return "seat_id"
    if not is_name(contact.segment_id):
        return "segment_id"
    if not is_name(contact.campaign):
        return "campaign"
    if len(contact.language) > LANGUAGE_CHARS_MAX or not contact.language.isprintable():
        return "language"
    return None


def _person_problem(contact: Contact) -> str | None:
    if len(contact.person_key) != PERSON_KEY_BYTES:
        return "person_key"
    if not 1 <= len(contact.sealed) <= SEALED_BYTES_MAX:
        return "sealed"
    return None


def _number_problem(contact: Contact) -> str | None:
    if contact.priority > PRIORITY_MAX:
        return "priority"
    if contact.source is not None and contact.source.offset > NUMBER_MAX:
        return "source"
    return None


def _time_problem(contact: Contact, at_ms: int, valid_ahead_max_ms: int) -> str | None:
    valid = contact.valid_until_ms
    if valid is None or not 0 <= valid <= at_ms + valid_ahead_max_ms:
        return "valid_until"
    due = contact.due_at_ms
    if due is not None and not 0 <= due <= at_ms + DUE_AHEAD_MAX_MS:
        return "due_at"
    return None


def cut(contact: Contact, at_ms: int, valid_ahead_max_ms: int) -> Contact:
    """Return the contact with every field made to fit its bounds, without its sealed text."""
    problem = _time_problem(contact, at_ms, valid_ahead_max_ms)
    source = contact.source
    return replace(
        contact,
        contact_id=ContactId(_cut_text(contact.contact_id, ID_CHARS_MAX)),
        release=min(contact.release, NUMBER_MAX),
        valid_until_ms=None if problem == "valid_until" else contact.valid_until_ms,
        person_key=PersonKey(contact.person_key[:PERSON_KEY_BYTES]),
        seat_id=SeatId(_cut_text(contact.seat_id, ID_CHARS_MAX)),
        segment_id=SegmentId(_cut_text(contact.segment_id, ID_CHARS_MAX)),
        language=_cut_text(contact.language, LANGUAGE_CHARS_MAX),
        priority=min(contact.priority, PRIORITY_MAX),
        campaign=CampaignId(_cut_text(contact.campaign, ID_CHARS_MAX)),
        due_at_ms=None if problem else contact.due_at_ms,
        sealed=b"",
        source=None if source is not None and source.offset > NUMBER_MAX else source,
    )


def _cut_text(text: str, limit: int) -> str:
    shown = text if len(text) <= limit else text[: limit - 1] + _CUT
    if shown.isprintable():
        return shown
    return "".join(char if char.isprintable() else "?" for char in shown)

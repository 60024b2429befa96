"""What intake works on: a foreign record, the contact found in it, or why there is none."""

import enum
from dataclasses import dataclass


class UnfitReason(enum.Enum):
    """Why a record becomes a dead letter."""

    UNREADABLE = "unreadable"
    MISSING_FIELD = "missing_field"
    INVALID_FIELD = "invalid_field"
    INVALID_PHONE = "invalid_phone"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class ForeignRecord:
    """A record of the foreign topic, as it was read."""

    partition: int
    offset: int
    appended_at_ms: int
    """Broker's append time: the one time of a record that a repeat shares."""
    value: bytes


@dataclass(frozen=True, slots=True)
class ForeignContact:
    """What a producer wrote, of the right types and otherwise unchecked; absent texts are empty."""

    contact_id: str = ""
    seat_id: str = ""
    segment_id: str = ""
    phone: str = ""
    name: str = ""
    language: str = ""
    priority: int | None = None
    campaign: str = ""
    due_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Unfit:
    """No contact. Names the field, never its value; the id only when it is fit to be shown."""

    reason: UnfitReason
    field: str = ""
    contact_id: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """What is sealed at once and never printed: hence without a representation."""

    phone: str
    """E.164."""
    name: str


@dataclass(frozen=True, slots=True)
class CheckedContact:
    """A contact ready to be sealed and sent."""

    contact_id: str
    valid_until_ms: int
    person: Person
    seat_id: str
    segment_id: str
    language: str
    priority: int
    campaign: str
    due_at_ms: int | None
    source_partition: int
    source_offset: int


@dataclass(frozen=True, slots=True)
class SealedPerson:
    """A person as the rest of the system knows them."""

    person_key: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True)
class SealedContact:
    """What leaves for `contacts`; the person of `contact` goes no further."""

    contact: CheckedContact
    person: SealedPerson


@dataclass(frozen=True, slots=True)
class Letter:
    """What leaves for the dead letters."""

    partition: int
    offset: int
    unfit: Unfit
    sealed_payload: bytes
    """Empty when the record is too large to be sent on; its topic keeps it for days."""

"""What the logs say, as plain values.

What there is one of for each entry or record is a tuple: a frozen dataclass takes four times as
long to make.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import NamedTuple, NewType

ContactId = NewType("ContactId", str)
SessionId = NewType("SessionId", str)
CentreId = NewType("CentreId", str)
SeatId = NewType("SeatId", str)

Partition = tuple[str, int]
"""Topic and partition."""

BANK = "bank"
"""Who orders what the recorder orders: on a caller's word, and no operator."""


class Log(IntEnum):
    """The two logs that are recorded."""

    RULINGS = 1
    FACTS = 2


class Content(NamedTuple):
    """What a contact is; columns of the bank, in their order."""

    person_key: bytes
    seat_id: SeatId | None
    segment_id: str | None
    language: str | None
    campaign: str | None
    priority: int
    wanted_at: datetime | None
    sealed: bytes


class RulingDetail(NamedTuple):
    """What only a routed or held ruling says."""

    content: Content
    due_at: datetime | None
    """When a held contact is due again; None when routed, or while it waits for an event."""


class EndDetail(NamedTuple):
    """What only the end of a release says."""

    disposition: str | None
    not_before: datetime | None
    attempt_spent: bool
    offered_at: datetime | None
    confirmed_at: datetime | None
    talk: timedelta | None


class ReturnDetail(NamedTuple):
    """What only a return says."""

    waited: timedelta | None


class AmendDetail(NamedTuple):
    """What only a later word on an outcome says."""

    disposition: str


class WithdrawDetail(NamedTuple):
    """What only a withdrawal says that a disposition gave (rule 4.8), not an order."""

    person_key: bytes | None
    """None when the dispatcher knew the contact alone."""
    kind: str


Detail = RulingDetail | EndDetail | ReturnDetail | AmendDetail | WithdrawDetail


class Entry(NamedTuple):
    """A ruling or a fact; None where it does not say."""

    kind: str
    """Name in the proto's `oneof`: `routed`, `offer_expired`."""
    payload: bytes
    """The entry in protobuf, without sealed text."""
    contact_id: ContactId | None = None
    release_id: int | None = None
    attempt: int | None = None
    session_id: SessionId | None = None
    seat_id: SeatId | None = None
    centre_id: CentreId | None = None
    reason: str | None = None
    map_version: int | None = None
    policy_version: int | None = None
    detail: Detail | None = None
    ordered_at: datetime | None = None
    """When the operator's order was given that it answers."""


@dataclass(frozen=True, slots=True)
class LogPoint:
    """Place of the last record that counted (rule 1.4)."""

    epoch: int
    owner: bytes
    seq: int


class Control(NamedTuple):
    """What a record asks of its partition's owner, or does to the ownership."""

    kind: str
    """Name in the proto's `oneof`: `request`, `fence`, `yielding`."""
    at: datetime
    """When it was appended."""
    payload: bytes


class LogRecord(NamedTuple):
    """What one record says, and where it lies."""

    log: Log
    partition: Partition
    offset: int
    """As rows keep it: the log's `offset_base` included."""
    at: datetime
    """Its writer's broker time (rule 2.4)."""
    entries: tuple[Entry, ...]
    control: Control | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """How far a partition is recorded (rule 6.1)."""

    next_offset: int
    reader_epoch: int
    """Rises with each recorder that takes the partition."""
    point: LogPoint | None = None
    log_time: datetime | None = None
    offset_base: int = 0
    """What rows call offset 0 of this log: above 0, logs before it were lost."""

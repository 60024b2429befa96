"""The rows that a batch becomes. Field order is the order of the SQL parameters."""

from datetime import datetime, timedelta
from enum import IntEnum
from typing import NamedTuple

from services.recorder.domain.entries import CentreId, ContactId, SeatId, SessionId


class Stage(IntEnum):
    """First half of the order in which a release moves (rule 6.2)."""

    REFUSED_ARRIVAL = 0
    """Touches the arrival only (rule 3.3): counts where nothing else is known of the release."""
    RULING = 1
    FACT = 2


class Order(NamedTuple):
    """Second half: where in its log the entry stands."""

    stage: Stage
    partition: int
    record_offset: int
    entry: int

    @property
    def rank(self) -> tuple[int, int, int]:
        """Compare by this: a partition is a place, not a rank."""
        return (self.stage, self.record_offset, self.entry)


class DecisionRow(NamedTuple):
    """One row of `decision`."""

    topic: str
    partition: int
    record_offset: int
    entry: int
    at: datetime
    kind: str
    contact_id: ContactId | None
    release_id: int | None
    session_id: SessionId | None
    centre_id: CentreId | None
    payload: bytes
    ordered_at: datetime | None


class StateRow(NamedTuple):
    """One row of `contact_state`; None in seat, centre and versions keeps what is known."""

    contact_id: ContactId
    release_id: int
    place: str
    reason: str | None
    seat_id: SeatId | None
    centre_id: CentreId | None
    session_id: SessionId | None
    attempt: int | None
    map_version: int | None
    policy_version: int | None
    moved_at: datetime
    order: Order


class ContentRow(NamedTuple):
    """What `contact` keeps of a ruling's contact: person key, seat, sealed text and the like."""

    contact_id: ContactId
    content_release: int
    content: tuple[object, ...]


class BankRow(NamedTuple):
    """Where `contact` says that a contact stands."""

    contact_id: ContactId
    release_id: int
    place: str
    reason: str | None
    due_at: datetime | None
    waited: timedelta | None
    moved_at: datetime
    order: Order


class OutcomeRow(NamedTuple):
    """One row of `outcome`."""

    contact_id: ContactId
    release_id: int
    attempt: int
    seat_id: SeatId | None
    centre_id: CentreId | None
    session_id: SessionId | None
    disposition: str
    offered_at: datetime | None
    confirmed_at: datetime | None
    ended_at: datetime
    partition: int
    record_offset: int
    entry: int
    talk: timedelta | None
    attempt_spent: bool


class AssignmentRow(NamedTuple):
    """One row of `live_assignment`."""

    contact_id: ContactId
    release_id: int
    attempt: int
    session_id: SessionId | None
    centre_id: CentreId | None
    confirmed_at: datetime
    partition: int
    record_offset: int
    entry: int


class ConflictRow(NamedTuple):
    """One row of `conflict`: a fact that broke a promise."""

    kind: str
    contact_id: ContactId
    release_id: int
    attempt: int
    session_id: SessionId | None
    other_release_id: int | None
    other_attempt: int | None
    other_session_id: SessionId | None
    found_at: datetime
    partition: int
    record_offset: int
    entry: int


class WithdrawalRow(NamedTuple):
    """One row of `withdrawal`, by person or by contact."""

    topic: str
    partition: int
    record_offset: int
    entry: int
    person_key: bytes | None
    contact_id: ContactId | None
    kind: str
    given_at: datetime


class DueWithdrawal(NamedTuple):
    """A row of `withdrawal` that is to be published, with all that is known of its person."""

    topic: str
    partition: int
    record_offset: int
    entry: int
    person_key: bytes | None
    contact_id: ContactId | None
    kind: str


class ControlRow(NamedTuple):
    """One row of `control`."""

    topic: str
    partition: int
    record_offset: int
    at: datetime
    kind: str
    payload: bytes


class AmendmentRow(NamedTuple):
    """One row of `outcome_amendment`."""

    partition: int
    record_offset: int
    entry: int
    contact_id: ContactId
    release_id: int
    attempt: int
    session_id: SessionId | None
    verdict: str
    disposition: str
    replaced: str | None
    amended_at: datetime

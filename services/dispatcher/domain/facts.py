"""What was decided. Fields are those of `seatline.facts.v1`, time fields with `_ms` behind."""

from dataclasses import dataclass

from services.dispatcher.domain import words
from services.dispatcher.domain.attempt import Attempt
from services.dispatcher.domain.order_facts import (
    CentreDraining,
    CentreSlice,
    MapApplied,
    PolicyApplied,
    Signature,
    StopApplied,
    StopLifted,
    WithdrawalApplied,
    WithdrawalForgotten,
)
from services.dispatcher.domain.session_facts import (
    GatewayLost,
    GatewaySeen,
    OpenOffer,
    PresenceListAsked,
    SessionAvailable,
    SessionDraining,
    SessionGone,
    SessionPaused,
    SignedIn,
    SignedOut,
    StreamEnded,
)


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as the router ruled it."""

    contact_id: str
    release: int
    person_key: bytes
    language: str
    priority: int
    campaign: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Queued:
    """A contact waits in a centre's queue."""

    contact: Contact
    seat_id: str
    centre_id: str
    allow_until_ms: int
    map_version: int
    policy_version: int


@dataclass(frozen=True, slots=True)
class Offered:
    """A contact is offered to a session."""

    attempt: Attempt
    session_id: str
    generation: int
    nonce: bytes
    lease_until_ms: int
    seat_id: str
    language: str
    campaign: str
    priority: int
    ready_callers: int
    waiting_contacts: int


@dataclass(frozen=True, slots=True)
class OfferExpired:
    """The lease ran out."""

    attempt: Attempt
    session_id: str
    nonce: bytes


@dataclass(frozen=True, slots=True)
class OfferDeclined:
    """The caller rejected the offer."""

    attempt: Attempt
    session_id: str
    nonce: bytes


@dataclass(frozen=True, slots=True)
class OfferRescinded:
    """The dispatcher took the offer back."""

    attempt: Attempt
    session_id: str
    nonce: bytes
    reason: words.RescindReason


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The session may dial until `dial_by`."""

    attempt: Attempt
    session_id: str
    generation: int
    nonce: bytes
    dial_by_ms: int
    sealed: bytes
    person_key: bytes
    seat_id: str
    centre_id: str
    campaign: str


@dataclass(frozen=True, slots=True)
class DialStarted:
    """The number was announced in time."""

    attempt: Attempt
    session_id: str
    nonce: bytes


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The talk ended, wrap-up began."""

    attempt: Attempt
    session_id: str
    nonce: bytes
    wrap_up_until_ms: int


@dataclass(frozen=True, slots=True)
class Ended:
    """Terminal fact of a release."""

    attempt: Attempt
    session_id: str
    nonce: bytes
    reason: words.EndReason
    disposition: words.Disposition | None
    not_before_ms: int | None
    attempt_spent: bool
    seat_id: str
    centre_id: str
    offered_at_ms: int | None
    confirmed_at_ms: int | None
    talk_ms: int | None


@dataclass(frozen=True, slots=True)
class OutcomeAmended:
    """A later or repeated word on an attempt that has ended."""

    attempt: Attempt
    session_id: str
    nonce: bytes
    disposition: words.Disposition


@dataclass(frozen=True, slots=True)
class Returned:
    """Back to the bank."""

    contact_id: str
    release: int
    reason: words.ReturnReason
    waited_ms: int
    priority: int
    seat_id: str
    centre_id: str
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """A command changed nothing."""

    session_id: str
    nonce: bytes
    boot_id: bytes
    command: str
    reason: words.RefusalReason
    attempt: Attempt | None
    signature: Signature | None = None


Fact = (
    Queued
    | Offered
    | OfferExpired
    | OfferDeclined
    | OfferRescinded
    | Confirmed
    | DialStarted
    | CallEnded
    | Ended
    | OutcomeAmended
    | Returned
    | SignedIn
    | SignedOut
    | SessionPaused
    | SessionAvailable
    | SessionDraining
    | SessionGone
    | StreamEnded
    | GatewaySeen
    | GatewayLost
    | CommandRefused
    | MapApplied
    | PolicyApplied
    | StopApplied
    | StopLifted
    | WithdrawalApplied
    | WithdrawalForgotten
    | CentreDraining
    | PresenceListAsked
)

__all__ = [
    "Attempt",
    "CallEnded",
    "CentreDraining",
    "CentreSlice",
    "CommandRefused",
    "Confirmed",
    "Contact",
    "DialStarted",
    "Ended",
    "Fact",
    "GatewayLost",
    "GatewaySeen",
    "MapApplied",
    "OfferDeclined",
    "OfferExpired",
    "OfferRescinded",
    "Offered",
    "OpenOffer",
    "OutcomeAmended",
    "PolicyApplied",
    "PresenceListAsked",
    "Queued",
    "Returned",
    "SessionAvailable",
    "SessionDraining",
    "SessionGone",
    "SessionPaused",
    "Signature",
    "SignedIn",
    "SignedOut",
    "StopApplied",
    "StopLifted",
    "StreamEnded",
    "WithdrawalApplied",
    "WithdrawalForgotten",
]

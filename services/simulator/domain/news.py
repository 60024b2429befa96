"""What a desk is told about one session."""

import enum
from dataclasses import dataclass

from services.simulator.domain.calls import Attempt


class Activity(enum.Enum):
    """What the dispatcher holds a session to be doing."""

    UNKNOWN = "unknown"
    OFFLINE = "offline"
    AVAILABLE = "available"
    OFFERED = "offered"
    ON_CALL = "on_call"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The session is bound to the stream."""

    token: bytes
    activity: Activity
    resumed: bool


@dataclass(frozen=True, slots=True)
class SignedOut:
    """The session is over."""

    reason: str


@dataclass(frozen=True, slots=True)
class Offered:
    """A contact is offered."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class OfferGone:
    """The offer is gone."""

    attempt: Attempt
    reason: str


@dataclass(frozen=True, slots=True)
class NumberShown:
    """The number may be dialled."""

    attempt: Attempt
    phone: str
    dial_by_ms: int
    """Broker time, milliseconds since the Unix epoch."""


@dataclass(frozen=True, slots=True)
class Saved:
    """The outcome is in the log."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class ActivityChanged:
    """The session does something else now."""

    activity: Activity


@dataclass(frozen=True, slots=True)
class WishRefused:
    """A wish changed nothing."""

    wish: str
    reason: str
    attempt: Attempt | None


@dataclass(frozen=True, slots=True)
class CallOver:
    """The call ended without the desk's doing."""

    attempt: Attempt
    reason: str


News = (
    SignedIn
    | SignedOut
    | Offered
    | OfferGone
    | NumberShown
    | Saved
    | ActivityChanged
    | WishRefused
    | CallOver
)

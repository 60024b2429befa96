"""Facts about caller sessions, their streams and gateways; part of `facts`."""

from dataclasses import dataclass

from services.dispatcher.domain import words
from services.dispatcher.domain.attempt import Attempt
from services.dispatcher.domain.order_facts import Signature


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """An offer as its desk needs to know it."""

    attempt: Attempt
    lease_until_ms: int
    seat_id: str
    language: str
    campaign: str
    priority: int


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session is bound to a stream."""

    session_id: str
    centre_id: str
    languages: tuple[str, ...]
    generation: int
    boot_id: bytes
    nonce: bytes
    resumed: bool
    activity: words.Activity
    offer: OpenOffer | None = None
    """The offer that goes on: the desk may have missed it."""


@dataclass(frozen=True, slots=True)
class SignedOut:
    """A session is over."""

    session_id: str
    nonce: bytes
    reason: words.SignOutReason
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class SessionPaused:
    """A session takes no offers for a while, at once or after its call."""

    session_id: str
    nonce: bytes
    reason: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class SessionAvailable:
    """A session is ready again."""

    session_id: str
    nonce: bytes


@dataclass(frozen=True, slots=True)
class SessionDraining:
    """A session will be signed out when it is free."""

    session_id: str
    nonce: bytes
    reason: words.DrainReason
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class SessionGone:
    """A session was suspect for too long."""

    session_id: str
    nonce: bytes


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """Streams ended; their sessions are suspect."""

    nonces: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class GatewaySeen:
    """A gateway lives."""

    boot_id: bytes
    agrees: bool = False
    """Whether its digest was that of what is bound to it."""


@dataclass(frozen=True, slots=True)
class PresenceListAsked:
    """A gateway is asked which streams it has."""

    boot_id: bytes
    number: int


@dataclass(frozen=True, slots=True)
class GatewayLost:
    """A gateway went silent; its sessions are suspect."""

    boot_id: bytes

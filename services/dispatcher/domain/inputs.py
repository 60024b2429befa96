"""What reaches a partition: commands, rulings and orders. Field names are those of the wire."""

from dataclasses import dataclass

from services.dispatcher.domain import words
from services.dispatcher.domain.facts import Attempt, CentreSlice, Contact, Signature

KEPT_MAX = 16
"""Outcomes that a sign-in may bring; a desk rarely keeps two."""
BY_MAX, WHY_MAX = 64, 200
"""Characters of a signature that are kept: an order is never refused for the rest."""


@dataclass(frozen=True, slots=True)
class KeptOutcome:
    """A disposition that the desk was not told to be saved."""

    attempt: Attempt
    disposition: words.Disposition
    talk_ms: int | None


@dataclass(frozen=True, slots=True)
class SignIn:
    """A caller sits down."""

    session_id: str
    centre_id: str
    languages: tuple[str, ...]
    nonce: bytes
    resume_token: bytes
    kept: tuple[KeptOutcome, ...] = ()


@dataclass(frozen=True, slots=True)
class SignOut:
    """A caller leaves."""

    session_id: str
    generation: int


@dataclass(frozen=True, slots=True)
class MakeAvailable:
    """A caller is ready."""

    session_id: str
    generation: int


@dataclass(frozen=True, slots=True)
class Pause:
    """A caller takes a break."""

    session_id: str
    generation: int
    reason: str


@dataclass(frozen=True, slots=True)
class AcceptOffer:
    """A caller takes an offer."""

    session_id: str
    generation: int
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class DeclineOffer:
    """A caller rejects an offer."""

    session_id: str
    generation: int
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Unsealing:
    """The gateway is about to show a number."""

    session_id: str
    generation: int
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class NotUnsealed:
    """The gateway will not show a number."""

    session_id: str
    generation: int
    attempt: Attempt
    reason: words.NotUnsealedReason


@dataclass(frozen=True, slots=True)
class HangUp:
    """The talk is over."""

    session_id: str
    generation: int
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class GiveOutcome:
    """The caller's disposition."""

    session_id: str
    attempt: Attempt
    disposition: words.Disposition
    talk_ms: int | None
    nonce: bytes


@dataclass(frozen=True, slots=True)
class StreamLost:
    """A stream has ended."""

    nonces: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class GatewayAlive:
    """The gateway lives."""

    facts_offset: int
    facts_at_ms: int = 0
    digest: int | None = None


@dataclass(frozen=True, slots=True)
class PresenceList:
    """Which streams the gateway has, of a range of nonces."""

    number: int
    first: bytes
    behind: bytes
    nonces: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class EndSession:
    """An operator ends a session."""

    session_id: str
    interrupt: bool = False
    by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class DrainCentre:
    """An operator drains a centre."""

    centre_id: str
    by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseContact:
    """An operator hands a contact back to the bank."""

    contact_id: str
    by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A command with a field that is missing, too long or of an unknown value."""

    command: str
    """Its name on the wire."""
    session_id: str
    nonce: bytes


Command = (
    SignIn
    | SignOut
    | MakeAvailable
    | Pause
    | AcceptOffer
    | DeclineOffer
    | Unsealing
    | NotUnsealed
    | HangUp
    | GiveOutcome
    | StreamLost
    | GatewayAlive
    | EndSession
    | DrainCentre
    | ReleaseContact
    | PresenceList
)


@dataclass(frozen=True, slots=True)
class Commanded:
    """A command with what the log says of it."""

    command: Command | Malformed
    boot_id: bytes
    appended_at_ms: int


@dataclass(frozen=True, slots=True)
class Routed:
    """The router sent a contact to a centre of this partition."""

    contact: Contact
    seat_id: str
    centre_id: str
    allow_until_ms: int
    map_version: int
    policy_version: int


@dataclass(frozen=True, slots=True)
class NewMap:
    """A seat map was published."""

    version: int
    centres: tuple[CentreSlice, ...]
    """Those of this partition."""


@dataclass(frozen=True, slots=True)
class NewPolicy:
    """A policy was published."""

    version: int
    max_wait_ms: int
    wrap_up_ms: int
    required: bool


@dataclass(frozen=True, slots=True)
class NewStop:
    """A stop was ordered."""

    scope: words.StopScope
    id: str


@dataclass(frozen=True, slots=True)
class LiftStop:
    """A stop was lifted."""

    scope: words.StopScope
    id: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """A person or contact was withdrawn."""

    person_key: bytes
    contact_id: str
    kind: words.WithdrawalKind


@dataclass(frozen=True, slots=True)
class Nothing:
    """An input that asks nothing of this partition."""


Order = NewMap | NewPolicy | NewStop | LiftStop | Withdraw | Nothing


@dataclass(frozen=True, slots=True)
class Signed:
    """An order, and who gave it."""

    order: Order
    signature: Signature


Input = Commanded | Routed | Order | Signed


def signature(by: str, why: str, ordered_at_ms: int) -> Signature:
    """Return a signature of bounded length."""
    return Signature(by[:BY_MAX], why[:WHY_MAX], ordered_at_ms)

"""Facts about operators' orders; part of `facts`."""

from dataclasses import dataclass

from services.dispatcher.domain import words


@dataclass(frozen=True, slots=True)
class Signature:
    """Who gave an order, why, and when it was appended."""

    by: str
    why: str
    ordered_at_ms: int


@dataclass(frozen=True, slots=True)
class CentreSlice:
    """A centre of this partition and its seats."""

    centre_id: str
    seat_ids: tuple[str, ...]
    closed: bool


@dataclass(frozen=True, slots=True)
class MapApplied:
    """A seat map is in force."""

    version: int
    centres: tuple[CentreSlice, ...]
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class PolicyApplied:
    """A policy is in force."""

    version: int
    max_wait_ms: int
    wrap_up_ms: int
    required: bool
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class StopApplied:
    """A stop is in force."""

    scope: words.StopScope
    id: str
    open_offers: int = 0
    """Offers that it takes back."""
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class StopLifted:
    """A stop is lifted."""

    scope: words.StopScope
    id: str
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class WithdrawalApplied:
    """A person, or for a recall one contact, must not be called."""

    person_key: bytes
    contact_id: str
    kind: words.WithdrawalKind
    provisional: bool = False
    """From a disposition given here: kept until it comes as an order."""
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class WithdrawalForgotten:
    """A withdrawal can meet no contact any more."""

    person_key: bytes
    contact_id: str


@dataclass(frozen=True, slots=True)
class CentreDraining:
    """A centre drains."""

    centre_id: str
    signature: Signature | None = None

"""What a desk asks for about one session."""

from dataclasses import dataclass

from services.simulator.domain.calls import Attempt, Disposition


@dataclass(frozen=True, slots=True)
class SignOut:
    """Leave."""


@dataclass(frozen=True, slots=True)
class BeReady:
    """End a rest."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Take a break."""

    reason: str


@dataclass(frozen=True, slots=True)
class Accept:
    """Take the offer."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Decline:
    """Reject the offer."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the talk."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class GiveOutcome:
    """Say what came of it."""

    attempt: Attempt
    disposition: Disposition
    talk_ms: float
    again: bool = False
    """True when it was said before and nothing came back."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Sit down."""

    centre_id: str
    languages: tuple[str, ...]
    token: bytes
    kept: tuple[GiveOutcome, ...] = ()
    """What was said before and is not known to be saved."""


Wish = SignIn | SignOut | BeReady | Rest | Accept | Decline | HangUp | GiveOutcome

"""What the rules of the door speak about."""

from dataclasses import dataclass
from typing import NewType

SessionId = NewType("SessionId", str)
Nonce = NewType("Nonce", bytes)
"""Random per binding of a session to a stream; the desk keeps it as its resume token."""
StreamId = NewType("StreamId", int)

NONCE_BYTES = 8
BOOT_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Attempt:
    """Names one assignment attempt."""

    contact_id: str
    release: int
    number: int


@dataclass(frozen=True, slots=True)
class KeptOutcome:
    """An outcome that a desk was not told to be saved."""

    attempt: Attempt
    disposition: int
    """Number on the wire."""
    talk_ms: int


@dataclass(frozen=True, slots=True)
class SignIn:
    """A caller sits down."""

    session_id: SessionId
    centre_id: str
    languages: tuple[str, ...]
    resume_token: bytes
    kept: tuple[KeptOutcome, ...] = ()


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The permission to unseal one number for one binding, as the log gave it."""

    partition: int
    attempt: Attempt
    session_id: SessionId
    generation: int
    nonce: Nonce
    dial_by_ms: int
    sealed: bytes
    person_key: bytes
    seat_id: str
    centre_id: str
    campaign: str


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """Whom to dial. Its text form tells nothing: it must never reach a log or an error."""

    phone: str
    name: str

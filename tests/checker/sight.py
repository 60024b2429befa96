"""A fact with all that is known when it is judged."""

from dataclasses import dataclass
from typing import Any

from tests.checker.commands import Attempt, Heard, Said, attempt_of
from tests.checker.findings import About, Place
from tests.checker.floor import Floor, Release, Session
from tests.checker.history import Key

MOVING = frozenset(
    {
        "queued",
        "offered",
        "offer_expired",
        "offer_declined",
        "offer_rescinded",
        "confirmed",
        "dial_started",
        "call_ended",
        "ended",
        "returned",
    }
)
"""Facts that move a contact."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One fact, before it is applied."""

    floor: Floor
    heard: Heard
    kind: str
    body: Any
    at_ms: int
    place: Place
    key: Key | None
    """Contact and release that it moves; None when it moves none."""
    attempt: Attempt | None
    session_id: str

    @property
    def release(self) -> Release | None:
        """The release that it moves, as it stands."""
        return None if self.key is None else self.floor.releases.get(self.key)

    @property
    def session(self) -> Session | None:
        """The session that it names."""
        return self.floor.sessions.get(self.session_id)

    @property
    def said(self) -> Said:
        """Attempt and session, as commands name them."""
        return (self.attempt or Attempt("", 0, 0), self.session_id)

    @property
    def about(self) -> About:
        """Whom a finding is about."""
        contact_id, release = self.key or ("", 0)
        return About((self.place,), contact_id, release, self.session_id)

    @property
    def is_first_queueing(self) -> bool:
        """Whether a release comes here."""
        known = self.release is not None or self.key in self.floor.left
        return self.kind == "queued" and not known

    @property
    def name(self) -> str:
        """The contact, for stories."""
        return "" if self.key is None else f"{self.key[0]} release {self.key[1]}"


def sight(floor: Floor, heard: Heard, fact: Any, at_ms: int, place: Place) -> Sight:
    """Look at a fact."""
    kind = str(fact.WhichOneof("kind"))
    body: Any = getattr(fact, kind)
    named: Attempt | None = None
    key: Key | None = None
    if kind == "queued":
        key = (body.contact.contact_id, body.contact.release)
    elif kind == "returned":
        key = (body.contact_id, body.release)
    elif kind in MOVING or kind == "outcome_amended":
        named = attempt_of(body.attempt)
        key = named[:2] if kind in MOVING else None
    session_id = getattr(body, "session_id", "")
    return Sight(floor, heard, kind, body, at_ms, place, key, named, session_id)

"""Count what the facts say of one run: sessions at once, offers, confirms, centres."""

import enum
from dataclasses import dataclass, field


class Kind(enum.Enum):
    """The facts that are counted."""

    OFFERED = "offered"
    CONFIRMED = "confirmed"
    SESSION_IN = "session_in"
    """Available or busy from here on."""
    SESSION_OUT = "session_out"
    """Paused, signed out or gone from here on."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A fact that is counted."""

    kind: Kind
    at_ms: int
    """Broker time of its record."""
    session: str
    contact: str = ""
    release: int = 0
    attempt: int = 0


@dataclass(slots=True)
class Census:
    """Counts the facts of one run, whose ids begin with `run`."""

    run: str
    window_from_ms: int
    """The load window, by broker time, in which offers are counted for the rate."""
    window_until_ms: int
    offers: int = 0
    offers_in_window: int = 0
    confirmed: dict[tuple[str, int], int] = field(default_factory=dict)
    """Attempt by contact and release."""
    doubled: set[str] = field(default_factory=set)
    offered_sessions: set[str] = field(default_factory=set)
    _present: dict[str, bool] = field(default_factory=dict)
    _changes: list[tuple[int, int]] = field(default_factory=list)

    def see(self, sighting: Sighting) -> None:
        """Count a fact; those of a partition come in their order."""
        if not sighting.session.startswith(self.run):
            return
        match sighting.kind:
            case Kind.OFFERED:
                self.offers += 1
                self.offered_sessions.add(sighting.session)
                inside = self.window_from_ms <= sighting.at_ms < self.window_until_ms
                self.offers_in_window += inside
            case Kind.CONFIRMED:
                self._confirm(sighting)
            case Kind.SESSION_IN | Kind.SESSION_OUT:
                self._move(sighting)

    @property
    def sessions(self) -> int:
        """Most sessions that were available or busy at once."""
        most = present = 0
        # Out before in at the same instant: a session that moves is never counted twice.
        for _, change in sorted(self._changes):
            present += change
            most = max(most, present)
        return most

    @property
    def most_tried(self) -> str:
        """The contact whose confirm took most attempts: the story most worth telling; or ""."""
        if not self.confirmed:
            return ""
        contact, _ = max(self.confirmed, key=lambda release: self.confirmed[release])
        return contact

    def _confirm(self, sighting: Sighting) -> None:
        key = (sighting.contact, sighting.release)
        if key in self.confirmed:
            self.doubled.add(sighting.contact)
        self.confirmed[key] = sighting.attempt

    def _move(self, sighting: Sighting) -> None:
        inside = sighting.kind is Kind.SESSION_IN
        if self._present.get(sighting.session, False) != inside:
            self._present[sighting.session] = inside
            self._changes.append((sighting.at_ms, 1 if inside else -1))

"""What the facts of one partition say so far: releases, sessions, orders in force."""

from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

from seatline.map.v1 import map_pb2
from tests.checker.commands import Attempt
from tests.checker.findings import Place
from tests.checker.history import Key

QUEUED, OFFERED, CONFIRMED, ON_CALL, WRAP_UP = (
    "queued",
    "offered",
    "confirmed",
    "on_call",
    "wrap_up",
)
AWAITING, PAUSED, SUSPECT, GONE_CALL = "awaiting its map", "paused", "suspect", "on call, gone"


class Due(NamedTuple):
    """By when something must have moved on."""

    at_ms: int
    order: int
    state: str
    name: Key | str
    turn: int
    """Of the release, when this was set: a later move makes it void."""


@dataclass(slots=True)
class Release:
    """A release between its queueing and its end."""

    contact_id: str
    release: int
    person_key: bytes
    campaign: str
    seat_id: str
    centre_id: str
    allow_until_ms: int
    map_version: int
    policy_version: int
    order: tuple[int, int]
    """Priority, negated, and when it was queued."""
    wait_until_ms: int
    contact_hash: int
    """Of the whole contact."""
    place: str = QUEUED
    attempt: int = 0
    session_id: str = ""
    generation: int = 0
    nonce: bytes = b""
    """Of the stream that is told, which a resume changes."""
    lease_until_ms: int = 0
    dial_by_ms: int = 0
    deadline_ms: int = 0
    """End of the place that it is in; of no meaning while it is queued."""
    offered_ms: int | None = None
    confirmed_ms: int | None = None
    confirmed: Place | None = None
    turn: int = 0

    @property
    def key(self) -> Key:
        """Contact and release."""
        return (self.contact_id, self.release)

    @property
    def current(self) -> Attempt:
        """The attempt under way, or the last one."""
        return Attempt(self.contact_id, self.release, self.attempt)


@dataclass(slots=True)
class Session:
    """A caller session of this partition."""

    session_id: str
    centre_id: str = ""
    languages: tuple[str, ...] = ()
    generation: int = 0
    nonce: bytes = b""
    boot_id: bytes = b""
    nonces: tuple[bytes, ...] = ()
    is_signed_in: bool = False
    holds: Key | None = None
    is_draining: bool = False
    paused_until_ms: int | None = None
    """Of a pause, which begins when the session is free."""
    suspect_until_ms: int | None = None
    is_suspect_by_gateway: bool = False
    is_gone: bool = False

    @property
    def is_present(self) -> bool:
        """Whether its gateway should have its stream."""
        return self.is_signed_in and self.suspect_until_ms is None and not self.is_gone

    @property
    def is_ready(self) -> bool:
        """Whether an offer may be made to it."""
        away = self.suspect_until_ms is not None or self.is_gone or self.is_draining
        busy = self.holds is not None or self.paused_until_ms is not None
        return self.is_signed_in and not away and not busy


@dataclass(slots=True)
class Floor:
    """What the facts of one partition say so far."""

    releases: dict[Key, Release] = field(default_factory=dict)
    left: dict[Key, Place] = field(default_factory=dict)
    """Where each release that has left ended or was returned."""
    sessions: dict[str, Session] = field(default_factory=dict)
    by_nonce: dict[bytes, str] = field(default_factory=dict)
    gateways: set[bytes] = field(default_factory=set)
    map_version: int = 0
    policy_version: int = 0
    required_version: int = 0
    """Lowest policy that a ruling must have been made under."""
    max_wait_ms: int | None = None
    wrap_up_ms: int | None = None
    stops: set[tuple[int, str]] = field(default_factory=set)
    withdrawn: set[bytes | str] = field(default_factory=set)
    due: list[Due] = field(default_factory=list)
    _order: int = 0

    def set_due(self, at_ms: int, state: str, what: Release | Session) -> None:
        """Note by when something must have moved on."""
        name = what.key if isinstance(what, Release) else what.session_id
        turn = what.turn if isinstance(what, Release) else 0
        self._order += 1
        heappush(self.due, Due(at_ms, self._order, state, name, turn))

    def overdue(self, before_ms: int) -> list[Due]:
        """Take what was due before a moment, and has not moved since."""
        found = []
        while self.due and self.due[0].at_ms < before_ms:
            due = heappop(self.due)
            if self._stands(due):
                found.append(due)
        return found

    def _stands(self, due: Due) -> bool:
        if isinstance(due.name, str):
            session = self.sessions[due.name]
            if due.state == SUSPECT:
                return session.suspect_until_ms == due.at_ms
            is_free = session.is_signed_in and session.holds is None
            return is_free and session.paused_until_ms == due.at_ms
        release = self.releases.get(due.name)
        if release is None or release.turn != due.turn:
            return False
        return due.state != GONE_CALL or self.sessions[release.session_id].is_gone

    def covering_stops(self, release: Release) -> set[tuple[int, str]]:
        """Return the stops in force that cover a release."""
        return self.stops & {
            (map_pb2.STOP_SCOPE_ALL, ""),
            (map_pb2.STOP_SCOPE_CAMPAIGN, release.campaign),
            (map_pb2.STOP_SCOPE_SEAT, release.seat_id),
            (map_pb2.STOP_SCOPE_CENTRE, release.centre_id),
        }

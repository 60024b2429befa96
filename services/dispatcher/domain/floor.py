"""The floor of one partition: contacts, sessions, centres, orders. A fold of facts."""

import heapq
from collections import deque
from dataclasses import dataclass, field

from services.dispatcher.domain.facts import Attempt, Contact
from services.dispatcher.domain.limits import Limits
from services.dispatcher.domain.queues import CentreQueue
from services.dispatcher.domain.timers import Timer, TimerKind
from services.dispatcher.domain.words import (
    Activity,
    Objection,
    Place,
    Presence,
    StopScope,
    WithdrawalKind,
)

Key = tuple[str, int]
"""Contact id and release."""

_TIMERS_MIN = 1_000


@dataclass(slots=True)
class LiveContact:
    """A contact between its ruling and its end or return."""

    contact: Contact
    seat_id: str
    centre_id: str
    allow_until_ms: int
    map_version: int
    policy_version: int
    order: tuple[int, int, int]
    """Its place in the queue: priority (negated), time of queueing, order of facts."""
    wait_until_ms: int
    """Latest time for an offer: the policy's wait, or what T leaves."""
    place: Place = Place.QUEUED
    attempt: int = 0
    misses: int = 0
    session_id: str = ""
    generation: int = 0
    nonce: bytes = b""
    deadline_ms: int = 0
    """End of the place it is in: lease, dial_by, call or wrap-up."""
    dial_by_ms: int | None = None
    offered_at_ms: int | None = None
    confirmed_at_ms: int | None = None
    waiting: bool = False
    """Whether it stands in its centre's queue."""

    @property
    def key(self) -> Key:
        """Contact id and release."""
        return (self.contact.contact_id, self.contact.release)

    @property
    def current(self) -> Attempt:
        """The attempt under way, or the last one."""
        return Attempt(self.contact.contact_id, self.contact.release, self.attempt)

    @property
    def queued_at_ms(self) -> int:
        """When it came here."""
        return self.order[1]


@dataclass(slots=True)
class Session:
    """A caller session: activity, presence, generation."""

    session_id: str
    centre_id: str
    languages: tuple[str, ...] = ()
    generation: int = 0
    boot_id: bytes = b""
    nonce: bytes = b""
    nonces: tuple[bytes, ...] = ()
    """The current and earlier bindings, newest first."""
    bound_ordinal: int = 0
    """Order of facts in which the current one was made."""
    activity: Activity = Activity.OFFLINE
    presence: Presence = Presence.PRESENT
    idle_since_ms: int = 0
    contact: Key | None = None
    misses: int = 0
    deadline_ms: int = 0
    """End of a pause."""
    pausing: tuple[str, int] | None = None
    """Reason and end of a pause that begins when the session is free."""
    draining: bool = False
    """Signs out when it is free."""
    suspect_at_ms: int = 0
    suspect_by_gateway: bool = False
    """Whether the gateway's silence, not the stream's end, made it suspect."""
    gone_at_ms: int = 0
    idle: bool = False
    """Whether it stands among its centre's ready callers."""

    @property
    def is_present(self) -> bool:
        """Whether its gateway should have its stream."""
        return self.activity is not Activity.OFFLINE and self.presence is Presence.PRESENT


@dataclass(slots=True)
class GatewayBindings:
    """What is bound to a gateway that lives, and what it said of that (rule 4.7)."""

    changed_at_ms: int
    """Last change that the gateway learns from facts."""
    agreed_at_ms: int
    """When it last had the same, or was first seen."""
    asked: int = 0
    """Number of the last question; 0 is none."""
    asked_at_ms: int = 0
    digest: int = 0
    """Of the nonces of the sessions that are present there."""


@dataclass(slots=True)
class Rules:
    """The policy in force here; zero is none yet."""

    version: int = 0
    max_wait_ms: int = 0
    wrap_up_ms: int = 0
    required: int = 0
    """Lowest policy version that a ruling must have."""


@dataclass(slots=True)
class Floor:
    """Everything the dispatcher knows of one partition."""

    limits: Limits
    contacts: dict[Key, LiveContact] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    centres: dict[str, CentreQueue] = field(default_factory=dict)
    home: dict[str, str] = field(default_factory=dict)
    """Centre of each seat of this partition, by the map in force."""
    map_version: int = 0
    rules: Rules = field(default_factory=Rules)
    stops: set[tuple[StopScope, str]] = field(default_factory=set)
    withdrawn: dict[bytes | str, tuple[WithdrawalKind, int]] = field(default_factory=dict)
    """Kind and time, by person key, or by contact id for a recall."""
    forgettable: deque[tuple[int, bytes | str]] = field(default_factory=deque)
    """Ordered withdrawals and when, oldest first."""
    by_person: dict[bytes, set[Key]] = field(default_factory=dict)
    by_nonce: dict[bytes, str] = field(default_factory=dict)
    """Session of each current stream binding."""
    gateways: dict[bytes, int] = field(default_factory=dict)
    """When each living gateway was last seen."""
    bindings: dict[bytes, GatewayBindings] = field(default_factory=dict)
    """What is bound to each of them."""
    awaiting: dict[Key, int] = field(default_factory=dict)
    """Contacts ruled under a newer map than ours, with that version."""
    leaving: dict[Key, Objection] = field(default_factory=dict)
    """Contacts that an order touches, to be worked off one by one, oldest first."""
    emptying: dict[str, None] = field(default_factory=dict)
    """Sessions of centres that close or drain, to be worked off one by one."""
    dirty: dict[str, None] = field(default_factory=dict)
    """Centres where a match may have become possible."""
    timers: list[Timer] = field(default_factory=list)
    timers_max: int = _TIMERS_MIN
    """So many, and those of contacts that have left are dropped."""
    waiting: int = 0
    """Contacts that stand in queues."""
    ordinal: int = 0

    def next_ordinal(self) -> int:
        """Return a number that rises with each use."""
        self.ordinal += 1
        return self.ordinal

    def set_timer(self, at_ms: int, kind: TimerKind, key: Key | str | bytes) -> None:
        """Look at `key` again at `at_ms`; a timer whose reason is gone by then does nothing."""
        heapq.heappush(self.timers, Timer(at_ms, self.next_ordinal(), kind, key))
        if len(self.timers) > self.timers_max:
            self._drop_timers_of_former_contacts()

    def _drop_timers_of_former_contacts(self) -> None:
        """Keep an hour's worth of calls long over from filling the memory."""
        contacts = self.contacts
        self.timers = sorted(
            t for t in self.timers if not isinstance(t.key, tuple) or t.key in contacts
        )
        self.timers_max = _TIMERS_MIN + 2 * len(self.timers)

    def centre(self, centre_id: str) -> CentreQueue:
        """Return a centre, making an empty one that takes nothing when the map has none."""
        found = self.centres.get(centre_id)
        if found is None:
            found = self.centres[centre_id] = CentreQueue(centre_id, closed=True)
        return found

    @property
    def has_room(self) -> bool:
        """Whether another contact may wait."""
        return self.waiting < self.limits.waiting_max

    # --- places ----------------------------------------------------------------------------------

    def enqueue(self, live: LiveContact) -> None:
        """Put a contact into its centre's queue, at its place."""
        live.place = Place.QUEUED
        live.session_id = ""
        if not live.waiting:
            live.waiting = True
            self.waiting += 1
            self.centre(live.centre_id).add_contact(live.order, live.contact.language, live.key)
            self.dirty[live.centre_id] = None
        self.set_timer(live.wait_until_ms, TimerKind.WAIT, live.key)

    def dequeue(self, live: LiveContact) -> None:
        """Take a contact out of its centre's queue."""
        if live.waiting:
            live.waiting = False
            self.waiting -= 1
            self.centre(live.centre_id).remove_contact(live.key)

    def forget(self, live: LiveContact) -> None:
        """Remove a contact that ended or went back."""
        self.dequeue(live)
        self.contacts.pop(live.key, None)
        self.awaiting.pop(live.key, None)
        self.leaving.pop(live.key, None)
        keys = self.by_person.get(live.contact.person_key)
        if keys is not None:
            keys.discard(live.key)
            if not keys:
                del self.by_person[live.contact.person_key]

    def make_idle(self, session: Session) -> None:
        """Put a session among the ready callers if it is ready and present."""
        ready = session.activity is Activity.AVAILABLE and session.presence is Presence.PRESENT
        if ready and not session.idle:
            session.idle = True
            idle = (session.idle_since_ms, self.next_ordinal())
            self.centre(session.centre_id).add_session(idle, session.languages, session.session_id)
            self.dirty[session.centre_id] = None

    def make_busy(self, session: Session) -> None:
        """Take a session out of the ready callers."""
        if session.idle:
            session.idle = False
            self.centre(session.centre_id).remove_session(session.session_id)

    def live(self, attempt: Attempt, session_id: str) -> LiveContact | None:
        """Return the contact while this attempt of this session is under way."""
        found = self.contacts.get(attempt.key)
        if found is None or found.attempt != attempt.attempt or found.session_id != session_id:
            return None
        return found

    def contact_of(self, session: Session) -> LiveContact | None:
        """Return the contact that a session holds."""
        return self.contacts.get(session.contact) if session.contact else None

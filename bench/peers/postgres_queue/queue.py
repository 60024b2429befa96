"""Callers' wishes as steps of the queue, and what the steps give as news to the callers."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import asyncpg

from bench.peers.postgres_queue.steps import Lane, Step
from services.simulator.domain.callers import Caller
from services.simulator.domain.calls import Attempt
from services.simulator.domain.measure import contact_id, number_of
from services.simulator.domain.news import (
    Activity,
    News,
    NumberShown,
    Offered,
    OfferGone,
    Saved,
    SignedIn,
    WishRefused,
)
from services.simulator.domain.wishes import (
    Accept,
    BeReady,
    Decline,
    GiveOutcome,
    HangUp,
    Rest,
    SignIn,
    Wish,
)
from services.simulator.ports import Journal, Ticks

RELEASE = 1
"""Nothing returns to a bank here: every contact has one release."""
_DIAL_WITHIN_MS = 15_000
Hear = Callable[[str, News, float], None]
"""Takes a session, news, and when it was known."""


class Arriving(NamedTuple):
    """A contact that came in."""

    contact_id: int
    centre_id: int
    language: int
    """The bit of the language that is needed, or 0."""
    priority: int
    sealed: bytes


class Held(NamedTuple):
    """A contact that a caller has."""

    contact_id: int
    caller_id: int
    attempt: int


class Ended(NamedTuple):
    """An outcome."""

    contact_id: int
    caller_id: int
    attempt: int
    disposition: str
    rests: bool
    centre_id: int


class Touched(NamedTuple):
    """A centre in which somebody may wait."""

    centre_id: int


class Rested(NamedTuple):
    """A caller who is idle from now on."""

    caller_id: int


class PostgresQueue:
    """The desks of a crowd: every wish is put to its step, every row returned is told.

    What pairs takes turns by centre. Side by side, each would see the other's callers as idle
    still, lock them to find out, and hold up the steps of those who have them: a long call makes
    the next one longer.
    """

    def __init__(
        self,
        run: str,
        teams: Sequence[Sequence[Caller]],
        journal: Journal,
        ticks: Ticks,
        shards: int,
    ) -> None:
        """Number the callers of all teams in their order.

        Args:
            run: Names the contacts.
            teams: Callers by centre.
            journal: Hears what was acknowledged.
            ticks: The crowd's clock.
            shards: Lanes among which the centres are divided.
        """
        self._run = run
        self._journal = journal
        self._ticks = ticks
        self._sessions = [caller.session_id for team in teams for caller in team]
        self._numbers = {session: number for number, session in enumerate(self._sessions)}
        self._centres = [centre for centre, team in enumerate(teams) for _ in team]
        self.hear: Hear = _nobody
        """Set before the first wish."""
        self.saved: Callable[[Attempt], None] = _ignore
        """Called for each outcome that is durable."""
        self._accept = Step[Held]("accept", self._accepted)
        self._confirm = Step[Held]("confirm", self._confirmed)
        self._hang_up = Step[Held]("hang_up", _settled)
        self._decline = Step[Held]("decline", self._declined)
        self._ready = Step[Rested]("ready", self._rested)
        self._arrive = [Step[Arriving]("arrive", self._arrived) for _ in range(shards)]
        self._finish = [Step[Ended]("finish", self._finished) for _ in range(shards)]
        self._dispatch = [Step[Touched]("dispatch", self._dispatched) for _ in range(shards)]
        pairing = zip(self._finish, self._arrive, self._dispatch, strict=True)
        self.lanes = (
            *(Lane(step) for step in (self._accept, self._confirm, self._hang_up)),
            Lane(self._decline, self._ready),
            *(Lane(*steps) for steps in pairing),
        )
        """Each needs a connection."""

    # --- what comes in ---------------------------------------------------------------------------

    def arrive(self, contacts: Iterable[Arriving]) -> None:
        """Take contacts in."""
        for contact in contacts:
            self._arrive[contact.centre_id % len(self._arrive)].put(contact)

    def look_everywhere(self) -> None:
        """Have every centre looked at; bounds how long a pair can be overlooked."""
        for centre_id in set(self._centres):
            self._touch(centre_id)

    def expired(self, rows: Sequence[asyncpg.Record]) -> None:
        """Tell that leases of offers have ended."""
        for number, caller_id, attempt in rows:
            self._gone(Held(number, caller_id, attempt))

    def send(self, desk: int, session_id: str, wishes: Sequence[Wish]) -> None:
        """Put wishes of a session to their steps."""
        caller_id = self._numbers[session_id]
        rests = any(isinstance(wish, Rest) for wish in wishes)
        for wish in wishes:
            match wish:
                case SignIn() | BeReady():
                    self._ready.put(Rested(caller_id))
                case Accept(attempt):
                    self._accept.put(_held(attempt, caller_id))
                case Decline(attempt):
                    self._decline.put(_held(attempt, caller_id))
                case HangUp(attempt):
                    self._hang_up.put(_held(attempt, caller_id))
                case GiveOutcome(attempt, disposition):
                    held = _held(attempt, caller_id)
                    ended = Ended(*held, disposition.value, rests, desk)
                    self._finish[desk % len(self._finish)].put(ended)
                case _:
                    pass  # a rest goes with its outcome; nobody signs out

    # --- what was committed ----------------------------------------------------------------------

    def _arrived(self, batch: Sequence[Arriving], rows: Sequence[asyncpg.Record]) -> None:
        for contact in batch:
            self._journal.write("acknowledged", contact=contact_id(self._run, contact.contact_id))
        offers = self._tell(rows)
        arrivals = Counter(contact.centre_id for contact in batch)
        self._look_again(arrivals, offers)

    def _finished(self, batch: Sequence[Ended], rows: Sequence[asyncpg.Record]) -> None:
        freed = Counter(ended.centre_id for ended in batch)
        self._look_again(freed, self._tell(rows))

    def _dispatched(self, _batch: Sequence[Touched], rows: Sequence[asyncpg.Record]) -> None:
        # The call may have met its limit of rounds.
        for centre_id in self._tell(rows):
            self._touch(centre_id)

    def _accepted(self, batch: Sequence[Held], rows: Sequence[asyncpg.Record]) -> None:
        accepted = {Held(*row) for row in rows}
        for held in batch:
            if held in accepted:
                self._confirm.put(held)
            else:
                self._gone(held)

    def _confirmed(self, _batch: Sequence[Held], rows: Sequence[asyncpg.Record]) -> None:
        dial_by_ms = self._ticks.wall_ms() + _DIAL_WITHIN_MS
        for number, caller_id, attempt, sealed in rows:
            news = NumberShown(self._attempt(number, attempt), sealed.hex(), dial_by_ms)
            self._say(caller_id, news)

    def _declined(self, batch: Sequence[Held], _rows: Sequence[asyncpg.Record]) -> None:
        for held in batch:
            self._touch(self._centres[held.caller_id])

    def _rested(self, batch: Sequence[Rested], rows: Sequence[asyncpg.Record]) -> None:
        idle = {row[0] for row in rows}
        for (caller_id,) in batch:
            if caller_id in idle:
                self._say(caller_id, SignedIn(b"", Activity.AVAILABLE, resumed=False))
                self._touch(self._centres[caller_id])
            else:
                self._say(caller_id, WishRefused("ready", "busy", None))

    # --- little ----------------------------------------------------------------------------------

    def _tell(self, rows: Sequence[asyncpg.Record]) -> Counter[int]:
        """Tell of offers and saved outcomes; return the offers of each centre."""
        offers: Counter[int] = Counter()
        for news, number, count, caller_id in rows:
            attempt = self._attempt(number, count)
            if news == "offered":
                offers[self._centres[caller_id]] += 1
                self._say(caller_id, Offered(attempt))
            else:
                self.saved(attempt)
                self._say(caller_id, Saved(attempt))
        return offers

    def _look_again(self, touched: Counter[int], offers: Counter[int]) -> None:
        """Go on where a call may have met its limit; where it paired nobody, nobody was left."""
        for centre_id, count in touched.items():
            if 0 < offers[centre_id] < count:
                self._touch(centre_id)

    def _touch(self, centre_id: int) -> None:
        self._dispatch[centre_id % len(self._dispatch)].put(Touched(centre_id))

    def _gone(self, held: Held) -> None:
        attempt = self._attempt(held.contact_id, held.attempt)
        self._say(held.caller_id, OfferGone(attempt, "lease"))
        self._touch(self._centres[held.caller_id])

    def _say(self, caller_id: int, news: News) -> None:
        self.hear(self._sessions[caller_id], news, self._ticks.now_ms())

    def _attempt(self, number: int, attempt: int) -> Attempt:
        return Attempt(contact_id(self._run, number), RELEASE, attempt)


def _held(attempt: Attempt, caller_id: int) -> Held:
    return Held(number_of(attempt.contact_id), caller_id, attempt.attempt)


def _settled(_batch: Sequence[Held], _rows: Sequence[asyncpg.Record]) -> None:
    return None


def _nobody(_session: str, _news: News, _now_ms: float) -> None:
    return None


def _ignore(_attempt: Attempt) -> None:
    return None

"""A dispatcher's floor on which calls go on at the rate at which they are driven.

One floor is one partition; in a stack its sessions and centres are a part of all.
"""

import time
from collections import deque
from dataclasses import dataclass

from services.dispatcher.domain import facts, inputs
from services.dispatcher.domain.facts import Attempt, CentreSlice, Contact, Fact
from services.dispatcher.domain.limits import Limits
from services.dispatcher.domain.words import Activity, Disposition
from services.dispatcher.handlers import FloorHandler
from services.runtime.fenced_log.core import Moment

BOOT = b"bench-gateway-id"
START_MS = 1_770_000_000_000
STEP_MS = 3
"""Between contacts: the default load."""
DAY_MS = 24 * 3_600_000
ALIVE_EVERY_MS = 1_000
SEALED = b"x" * 120


@dataclass(frozen=True, slots=True)
class Size:
    """How large a floor is."""

    sessions: int = 20_000
    centres: int = 225
    queued: int = 0
    """Contacts that wait at any time; with any, every session is on a call."""
    on_call: int = 1_000
    """Sessions on a call at any time, when none waits."""


@dataclass(frozen=True, slots=True)
class _Call:
    session_id: str
    attempt: Attempt


class BusyFloor:
    """Ends the oldest call, queues a contact for its centre, and lets that go as far as a call."""

    def __init__(self, size: Size) -> None:
        """Bring a floor to its size; takes some 50 µs a session and contact."""
        self.size = size
        self.handler = FloorHandler(Limits())
        self.now_ms = START_MS
        self._alive_ms = 0
        self._contacts = 0
        self._calls: deque[_Call] = deque()
        self._centre_of: dict[str, int] = {}
        self._open()
        busy = size.sessions if size.queued else min(size.on_call, size.sessions // 2)
        for number in range(busy):
            self._queue(number % size.centres)
        for number in range(size.queued):
            self._queue(number % size.centres)

    def step(self) -> int:
        """Take one contact through its whole life; return the decisions that took."""
        self.now_ms += STEP_MS
        decisions = self._say_alive()
        call = self._calls.popleft()
        ended = inputs.GiveOutcome(
            call.session_id, call.attempt, Disposition.REACHED, None, _nonce(call.session_id)
        )
        decisions += self._command(ended)
        return decisions + self._queue(self._centre_of[call.session_id])

    def _open(self) -> None:
        centres = tuple(
            CentreSlice(f"C{n}", (f"S{n}",), closed=False) for n in range(self.size.centres)
        )
        self._apply(
            facts.MapApplied(1, centres), facts.PolicyApplied(1, DAY_MS, 60_000, required=False)
        )
        for number in range(self.size.sessions):
            session_id, centre = f"s{number}", number % self.size.centres
            self._centre_of[session_id] = centre
            signed_in = facts.SignedIn(
                session_id,
                f"C{centre}",
                ("hi",),
                1,
                BOOT,
                _nonce(session_id),
                resumed=False,
                activity=Activity.AVAILABLE,
            )
            self._apply(signed_in)

    def _queue(self, centre: int) -> int:
        number = self._contacts
        self._contacts += 1
        contact = Contact(f"c{number}", 1, number.to_bytes(16, "big"), "hi", 5, "bench", SEALED)
        until_ms = self.now_ms + DAY_MS
        return self._decide(inputs.Routed(contact, f"S{centre}", f"C{centre}", until_ms, 1, 1))

    def _say_alive(self) -> int:
        if self.now_ms - self._alive_ms < ALIVE_EVERY_MS:
            return 0
        self._alive_ms = self.now_ms
        return self._command(inputs.GatewayAlive(1))

    def _command(self, command: inputs.Command) -> int:
        return self._decide(inputs.Commanded(command, BOOT, self.now_ms))

    def _decide(self, item: inputs.Input) -> int:
        """Decide an input and all that is due then; let callers take what they are offered."""
        moment = self._moment()
        self._apply(*self.handler.decide(item, moment))
        decisions = 1
        while due := self.handler.due(moment):
            self._apply(*due)
            decisions += 1
            for fact in due:
                if isinstance(fact, facts.Offered):
                    decisions += self._take(fact)
        return decisions

    def _take(self, offer: facts.Offered) -> int:
        accept = inputs.AcceptOffer(offer.session_id, offer.generation, offer.attempt)
        shown = inputs.Unsealing(offer.session_id, offer.generation, offer.attempt)
        self._calls.append(_Call(offer.session_id, offer.attempt))
        return self._command(accept) + self._command(shown)

    def _apply(self, *decided: Fact) -> None:
        self.handler.evolve(decided, self.now_ms)

    def _moment(self) -> Moment:
        now = self.now_ms
        return Moment(now, now, True, False, now, now)  # noqa: FBT003 - fresh, and not behind


def decision_us(floor: BusyFloor, steps: int, repeats: int = 3) -> float:
    """Return microseconds a decision, the best of some rounds: others' work only adds to it."""
    return min(_round_us(floor, steps) for _ in range(repeats))


def _round_us(floor: BusyFloor, steps: int) -> float:
    began_s = time.process_time()
    decisions = sum(floor.step() for _ in range(steps))
    return (time.process_time() - began_s) / decisions * 1e6


def _nonce(session_id: str) -> bytes:
    return session_id.encode().ljust(8, b"-")

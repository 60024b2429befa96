"""Desks and the people at them: the rehearsal's callers, who can also vanish or sit down twice."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from seatline.gateway.v1 import gateway_service_pb2 as wire
from services.simulator.adapters.codec import to_event, to_news
from services.simulator.domain.callers import Caller
from services.simulator.domain.calls import Attempt, CallPlan, Disposition, Reaction
from services.simulator.domain.news import NumberShown
from services.simulator.domain.patience import NEVER
from services.simulator.domain.team import Team
from services.simulator.domain.wishes import Wish
from tests.simtest.doors import GatewayNode
from tests.simtest.network import Call
from tests.simtest.node import MachineClock
from tests.simtest.plan import SESSIONS
from tests.simtest.scheduler import Scheduler

_DISPOSITIONS = (
    *[Disposition.REACHED] * 8,
    *[Disposition.NO_ANSWER] * 5,
    Disposition.BUSY,
    Disposition.CALL_BACK,
    Disposition.OPT_OUT,
)


@dataclass
class Floor:
    """What all desks share."""

    scheduler: Scheduler
    machine: MachineClock
    seed: str
    gateways: Callable[[], list[GatewayNode]]
    """Those that can be connected to now; the first is tried first."""
    dialled: Callable[[str, Attempt], None]
    """Told when a session dials: the attempt's number is before it, in time."""
    told: Callable[[str], None]
    closing: bool = False
    """Whether calls are brief and every offer is accepted from now on."""

    def plan_of(self, session_id: str, attempt: Attempt) -> CallPlan:
        """Draw what will happen with an offer: the same for the same attempt."""
        chance = Random(f"{self.seed}/{attempt}")
        reaction = Reaction.ACCEPT
        if not self.closing:
            drawn = chance.random()
            reaction = Reaction.DECLINE if drawn < 0.05 else Reaction.ACCEPT
            reaction = Reaction.MISS if drawn > 0.95 else reaction
        slow = not self.closing and chance.random() < 0.05
        return CallPlan(
            reaction=reaction,
            think_ms=chance.uniform(1_000, 3_000) if slow else chance.uniform(30, 300),
            talk_ms=chance.uniform(100, 300 if self.closing else 1_500),
            wrap_up_ms=chance.uniform(50, 400) if chance.random() < 0.4 else 0.0,
            disposition=chance.choice(_DISPOSITIONS),
            rest_ms=chance.uniform(200, 800) if chance.random() < 0.05 else 0.0,
        )


@dataclass
class Desk:
    """One office: a stream, and the callers on it."""

    number: int
    floor: Floor
    chance: Random
    callers: dict[str, Caller] = field(default_factory=dict)
    call: Call | None = None
    _tick_ms: float = NEVER
    _tries: int = 0

    def seat(self, session_id: str, centre_id: str) -> None:
        """Let somebody sit down."""
        caller = Caller(
            session_id,
            Team(centre_id),
            ("hi",),
            lambda attempt: self.floor.plan_of(session_id, attempt),
        )
        self.callers[session_id] = caller
        if self.call is not None and self.call.is_open:
            self._wish(session_id, caller.connected(self._now))

    def leave(self, session_id: str) -> None:
        """Let somebody go home."""
        caller = self.callers.get(session_id)
        if caller is not None:
            self._wish(session_id, caller.leave())

    def lose_one(self, pick: int) -> str:
        """Let somebody go without a word, and for good; the last one stays."""
        if len(self.callers) < 2:
            return "nobody"
        session_id = sorted(self.callers)[pick % len(self.callers)]
        del self.callers[session_id]
        return session_id

    def is_heard(self, session_id: str) -> bool:
        """Tell whether a session can still say something: it is no guest."""
        return SESSIONS[session_id][0] == self.number

    def vanish(self) -> None:
        """Lose everything that this office knew: its people come back as if they were new."""
        people = [(name, caller.team.centre_id) for name, caller in self.callers.items()]
        self.callers.clear()
        if self.call is not None:
            self.call.cut(0, self.chance.randrange(50, 3_000))
        for name, centre_id in people:
            self.seat(name, centre_id)

    def connect(self) -> None:
        """Call a gateway."""
        gateways = self.floor.gateways()
        if not gateways:
            self._again()
            return
        node = gateways[(self.number + self._tries) % len(gateways)]
        self._tries += 1
        call = self.call = Call(node, self._hear, self._broken)
        self.floor.scheduler.after(self.chance.randrange(5, 30), self._connected, call)

    def gateway_died(self, node: GatewayNode) -> None:
        """Notice, a while later, that a gateway is no more."""
        if self.call is not None and self.call.node is node:
            self.call.cut(self.chance.randrange(5, 600), 0)

    def _connected(self, call: Call) -> None:
        if call is self.call and call.is_open:
            for name, caller in self.callers.items():
                self._wish(name, caller.connected(self._now))

    def _broken(self) -> None:
        for caller in self.callers.values():
            caller.disconnected()
        self.call = None
        self._again()

    def _again(self) -> None:
        self.floor.scheduler.after(self.chance.randrange(50, 600), self.connect)

    def _hear(self, frame: wire.ServerFrame) -> None:
        wall_ms = self.floor.machine.true_ms()
        for event in frame.events:
            caller = self.callers.get(event.session_id)
            news = to_news(event)
            if caller is None or news is None:
                continue
            if isinstance(news, NumberShown) and wall_ms <= news.dial_by_ms:
                self.floor.dialled(event.session_id, news.attempt)
            self._wish(event.session_id, caller.hear(news, self._now, wall_ms))

    def _wish(self, session_id: str, wishes: list[Wish]) -> None:
        if wishes and self.call is not None and self.call.is_open:
            self.floor.told(f"desk-{self.number} {session_id} {_words(wishes)}")
            self.call.send([to_event(session_id, wish) for wish in wishes])
        self._look()

    def _look(self) -> None:
        """Come back when the first of the people has something to do."""
        due_ms = min((caller.due_ms for caller in self.callers.values()), default=NEVER)
        if due_ms < self._tick_ms:
            self._tick_ms = due_ms
            self.floor.scheduler.at(math.ceil(due_ms), self._tick, due_ms)

    def _tick(self, at_ms: float) -> None:
        if at_ms != self._tick_ms:
            return
        self._tick_ms = NEVER
        for name, caller in list(self.callers.items()):
            if caller.due_ms <= self._now:
                self._wish(name, caller.act(self._now))
        self._look()

    @property
    def _now(self) -> float:
        return float(self.floor.scheduler.now_ms)


def _words(wishes: list[Wish]) -> str:
    return ", ".join(type(wish).__name__ for wish in wishes)

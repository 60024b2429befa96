"""Let a plan happen to a stack under load, and tell what is done and what is seen."""

import heapq
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.chaos.board import Board
from tests.chaos.harms import Harm, NotHurtError
from tests.chaos.kinds import Kind, Struck
from tests.chaos.plan import Planned
from tests.chaos.signs import FACTS, RULINGS, Sign
from tests.chaos.watching import now_ms
from tests.chaos.world import World

NEVER_S = 60.0
"""Whoever is not back by then, counted from its return or its fault, is held never to come back."""
RUNNING_WITHIN_S = 5.0
"""A victim that is being started again is waited for so long."""
_LOOK_EVERY_S = 0.1


@dataclass(slots=True)
class Event:
    """A fault that happened, and what was seen of it."""

    planned: Planned
    sentence: str
    victim: str
    at_s: float
    harm: Harm
    sign: Sign

    @property
    def kind(self) -> Kind:
        """What it was."""
        return self.planned.kind

    @property
    def never(self) -> str:
        """Why it counts as never over, as a sentence; nothing if it was seen to be."""
        if not self.sign.done:
            return f"{self.sentence}: {self.sign.missing}"
        if self.sign.seconds is not None and self.sign.seconds > NEVER_S:
            return f"{self.sentence}: {self.sign.told}, which is beyond {NEVER_S:.0f} s"
        return ""


class Course:
    """Works a plan off in one thread; signs come in others."""

    def __init__(self, world: World, say: Callable[[str], None]) -> None:
        self._world = world
        self._say = say
        self._began_s = 0.0
        self.events: list[Event] = []
        self.not_hurt: dict[str, str] = {}
        """By kind: why one that was planned was not done."""
        self._by_sign: dict[int, Event] = {}
        self._changed = threading.Condition()

    def come(self, sign: Sign) -> None:
        """Tell of a sign that has come; called by whoever watches."""
        with self._changed:
            event = self._by_sign.get(id(sign))
            self._changed.notify_all()
        if event is not None:
            self._tell(f"{event.victim}: {sign.told}" if event.victim else sign.told)

    def happen(self, plan: Sequence[Planned], board: Board, goes_on: Callable[[], bool]) -> None:
        """Do everything at its time; return when the last harm is taken back.

        Args:
            plan: What is to be done, in order.
            board: Where it is seen.
            goes_on: Whether the load still lasts; when it does not, nothing more is done.
        """
        self._began_s = time.monotonic()
        due: list[tuple[float, int, Planned | Event]] = [
            (planned.at_s, number, planned) for number, planned in enumerate(plan)
        ]
        heapq.heapify(due)
        try:
            while due and goes_on():
                at_s, number, what = due[0]
                if self._elapsed_s < at_s:
                    time.sleep(min(_LOOK_EVERY_S, max(0.0, at_s - self._elapsed_s)))
                    continue
                heapq.heappop(due)
                if isinstance(what, Event):
                    self._heal(what, board)
                elif (event := self._strike(what, board)) and what.lasts_s:
                    heapq.heappush(due, (event.at_s + what.lasts_s, number, event))
        finally:
            for event in self.events:
                event.harm.heal()

    def wait_for_signs(self, within_s: float) -> None:
        """Return when all signs have come, or at the deadline."""
        with self._changed:
            self._changed.wait_for(lambda: all(e.sign.done for e in self.events), within_s)

    @property
    def _elapsed_s(self) -> float:
        return time.monotonic() - self._began_s

    def _strike(self, planned: Planned, board: Board) -> Event | None:
        deadline_s = self._elapsed_s + RUNNING_WITHIN_S
        while True:
            try:
                return self._strike_now(planned, board)
            except NotHurtError as error:
                if self._elapsed_s > deadline_s:
                    self.not_hurt[planned.kind.name] = f"{error}, {self._elapsed_s:.0f} s into it"
                    self._tell(f"not done: {planned.sentence}: {error}")
                    return None
            time.sleep(_LOOK_EVERY_S)

    def _strike_now(self, planned: Planned, board: Board) -> Event:
        world = self._world
        owners = {
            "router": {n: reign.slot for n, reign in board.owners(RULINGS).items()},
            "dispatcher": {n: reign.slot for n, reign in board.owners(FACTS).items()},
        }
        victim = world.resolve(planned.victim, owners)
        struck = Struck(world, board, victim, now_ms(), planned.lasts_s, world.sizes)
        harm = planned.kind.harm(struck)
        sign = planned.kind.sign(struck)
        sentence = Planned(planned.at_s, planned.kind, victim, planned.lasts_s).sentence
        event = Event(planned, sentence, victim, self._elapsed_s, harm, sign)
        self._by_sign[id(sign)] = event
        self._tell(sentence)
        board.wait_for(sign)
        self.events.append(event)
        try:
            harm.strike()
        except NotHurtError:
            self.events.remove(event)
            board.forget(sign)
            raise
        return event

    def _heal(self, event: Event, board: Board) -> None:
        # First the sign: what comes right behind the return must not be taken for earlier.
        board.healed(event.sign, now_ms())
        event.harm.heal()
        self._tell(f"{event.victim} is let go")

    def _tell(self, sentence: str) -> None:
        self._say(f"{self._elapsed_s:7.1f} s  {sentence}")

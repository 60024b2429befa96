"""A script for the dispatcher's core: given facts, when an input comes at a time, then facts.

Times are milliseconds after `START_MS`. Nothing is looked at but facts; `passing` lets time go by
as the loop does, in steps of a second, with the gateways' signs of life.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from services.dispatcher.domain import facts, inputs
from services.dispatcher.domain.facts import Fact
from services.dispatcher.domain.limits import Limits
from services.dispatcher.handlers import FloorHandler
from tests.support.builders import (
    BOOT,
    START_MS,
    S,
    call_ended,
    confirmed,
    dial_started,
    map_applied,
    offered,
    policy_applied,
    queued,
    signed_in,
)

STEPS_MAX = 10_000
"""Decisions of one moment; more is a loop that never falls quiet."""
FLOOR: tuple[Fact, ...] = (map_applied(), policy_applied(), facts.GatewaySeen(BOOT))

AVAILABLE: tuple[Fact, ...] = (signed_in("s1"),)
QUEUED: tuple[Fact, ...] = (queued("c1"),)
OFFERED: tuple[Fact, ...] = (*AVAILABLE, *QUEUED, offered("c1", "s1"))
CONFIRMED: tuple[Fact, ...] = (*OFFERED, confirmed("c1", "s1"))
ON_CALL: tuple[Fact, ...] = (*CONFIRMED, dial_started("c1", "s1"))
WRAPPING_UP: tuple[Fact, ...] = (*ON_CALL, call_ended("c1", "s1"))


@dataclass(frozen=True, slots=True)
class At:
    """A moment of `services.dispatcher.domain.moment`."""

    now_ms: int
    written_at_ms: int
    fresh: bool = True
    behind: bool = False
    paced_read_to_ms: int = 0
    spread_read_to_ms: int = 0


def at_end(now_ms: int) -> At:
    """Build the moment of an owner who has read everything up to `now_ms`."""
    return At(now_ms, now_ms, paced_read_to_ms=now_ms, spread_read_to_ms=now_ms)


class Scenario:
    """One partition under test; `then` names all facts since the last `then`, in order."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.core = FloorHandler(limits or Limits())
        self.now_ms = START_MS
        self.alive: set[bytes] = {BOOT}
        self.log: list[tuple[int, Fact]] = []
        self._news: list[Fact] = []

    def given(self, *happened: Fact, at: int | None = None) -> Self:
        self._move(at)
        self._apply(happened, self.now_ms, told=False)
        return self

    def when(
        self,
        item: inputs.Input | inputs.Command,
        at: int | None = None,
        *,
        written_at: int | None = None,
        boot_id: bytes = BOOT,
        behind: bool = False,
        fresh: bool = True,
    ) -> Self:
        """Decide one input. Behind, `at` is its append time and `written_at` the broker's time."""
        self._move(at)
        written_at_ms = self.now_ms if written_at is None else START_MS + written_at
        moment = At(self.now_ms, written_at_ms, fresh, behind, self.now_ms, self.now_ms)
        if not isinstance(item, inputs.Input):
            item = inputs.Commanded(item, boot_id, self.now_ms)
        self._apply(self.core.decide(item, moment), written_at_ms)
        return self

    def looking(
        self,
        at: int | None = None,
        *,
        behind: bool = False,
        fresh: bool = True,
        paced_read_to: int | None = None,
        spread_read_to: int | None = None,
    ) -> Self:
        """Let the moment take its course: everything due now, until quiet."""
        self._move(at)
        read_to = [
            self.now_ms if after is None else START_MS + after
            for after in (paced_read_to, spread_read_to)
        ]
        moment = At(self.now_ms, self.now_ms, fresh, behind, *read_to)
        for _ in range(STEPS_MAX):
            decided = self.core.due(moment)
            if not decided:
                return self
            self._apply(decided, self.now_ms)
        raise AssertionError(f"not quiet after {STEPS_MAX} decisions: {self._news[-3:]}")

    def passing(self, ms: int, *, spread_read_to: int | None = None) -> Self:
        """Let time go by, everything being read to its end."""
        until_ms = self.now_ms + ms
        while self.now_ms < until_ms:
            self.now_ms = min(until_ms, self.now_ms + S)
            self._signs_of_life()
            self.looking(spread_read_to=spread_read_to)
        return self

    def step(self) -> Sequence[Fact]:
        """Take and apply the one thing that is due next; nothing when all is quiet."""
        decided = self.core.due(at_end(self.now_ms))
        self._apply(decided, self.now_ms)
        return decided

    def then(self, *expected: Fact) -> Self:
        news, self._news = self._news, []
        assert news == list(expected), _difference(news, expected)
        return self

    def so_far(self) -> list[Fact]:
        """Return the facts since the last `then`, and begin anew."""
        news, self._news = self._news, []
        return news

    def _move(self, at: int | None) -> None:
        if at is None:
            return
        assert START_MS + at >= self.now_ms, "time never falls"
        while self.now_ms < START_MS + at:
            self.now_ms = min(START_MS + at, self.now_ms + S)
            self._signs_of_life()

    def _signs_of_life(self) -> None:
        for boot_id in sorted(self.alive):
            alive = inputs.Commanded(inputs.GatewayAlive(0), boot_id, self.now_ms)
            signs = self.core.decide(alive, at_end(self.now_ms))
            self._apply(signs, self.now_ms, told=False)

    def _apply(self, happened: Sequence[Fact], at_ms: int, *, told: bool = True) -> None:
        self.core.evolve(happened, at_ms)
        self.log.extend((at_ms, fact) for fact in happened)
        if told:
            self._news.extend(happened)


def given(*happened: Fact, limits: Limits | None = None) -> Scenario:
    """Begin a script on a floor with map, policy and one living gateway."""
    return Scenario(limits).given(*FLOOR, *happened)


def _difference(news: Sequence[Fact], expected: Sequence[Fact]) -> str:
    told = "\n".join(f"  {fact}" for fact in news) or "  nothing"
    wanted = "\n".join(f"  {fact}" for fact in expected) or "  nothing"
    return f"\ndecided:\n{told}\nexpected:\n{wanted}"

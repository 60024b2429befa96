"""Ask Postgres, again and again, for sampled outcomes until another connection sees them."""

import asyncio
from dataclasses import dataclass, field

from services.runtime.errors import TransientError
from services.simulator.domain.calls import Attempt
from services.simulator.domain.measure import Tally
from services.simulator.ports import OutcomeStore, Ticks

ASK_EVERY_S = 0.04
"""Resolution of the figure; asking is load on the database that is being measured."""
_AWAY_S = 0.5
_WATCHED_MAX = 500


@dataclass(slots=True)
class Durability:
    """Watches a sample of outcomes; the watched ones are kept until they are seen."""

    store: OutcomeStore
    tally: Tally
    ticks: Ticks
    every: int
    """One outcome in how many is watched."""
    sampling: bool = False
    _counted: int = 0
    _watched: dict[tuple[str, int], float] = field(default_factory=dict)

    @property
    def watched(self) -> int:
        """Outcomes that nobody has seen yet."""
        return len(self._watched)

    def sent(self, attempt: Attempt, now_ms: float) -> None:
        """Note an outcome at its first sending; a repeat starts nothing anew."""
        if not self.sampling:
            return
        self._counted += 1
        if self._counted % self.every == 0 and len(self._watched) < _WATCHED_MAX:
            self._watched.setdefault((attempt.contact_id, attempt.attempt), now_ms)

    async def watch(self) -> None:
        """Ask until cancelled."""
        while True:
            await asyncio.sleep(ASK_EVERY_S)
            if self._watched:
                await self._ask()

    async def _ask(self) -> None:
        contacts = [contact for contact, _ in self._watched]
        try:
            visible = await self.store.visible(contacts)
        except TransientError:
            await asyncio.sleep(_AWAY_S)
            return
        now_ms = self.ticks.now_ms()
        for key in visible & self._watched.keys():
            self.tally.outcome_durable_ms.append(now_ms - self._watched.pop(key))

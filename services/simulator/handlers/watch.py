"""Look at a run every now and then, for whoever watches."""

import asyncio
from dataclasses import dataclass, field

from services.simulator.domain.measure import Ranking
from services.simulator.domain.progress import Progress, activities, troubles
from services.simulator.domain.waiting import Waiting
from services.simulator.handlers.rehearsal import Rehearsal
from services.simulator.ports import Screen


@dataclass(slots=True)
class Watch:
    """Shows how a run stands.

    A look costs what 225 centres and 543 seats cost, whatever the number of callers: it is paid
    for on the event loop whose delays are measured.
    """

    rehearsal: Rehearsal
    waiting: Waiting
    screen: Screen
    _ranking: Ranking = field(init=False)
    _offers: int = 0
    _looked_ms: float = field(init=False)

    def __post_init__(self) -> None:
        self._ranking = Ranking(self.rehearsal.tally.offer_ms)
        self._looked_ms = self.rehearsal.ticks.now_ms()

    async def keep(self) -> None:
        """Show the run until cancelled."""
        with self.screen.live() as show:
            while True:
                show(self.look())
                await asyncio.sleep(self.screen.every_s)

    def look(self) -> Progress:
        """Return how the run stands, and begin counting offers a second anew."""
        run = self.rehearsal
        tally, teams, now_ms = run.tally, run.crowd.teams, run.ticks.now_ms()
        since_s = (now_ms - self._looked_ms) / 1_000.0
        offers_per_s = (tally.offers - self._offers) / since_s if since_s > 0 else 0.0
        self._offers, self._looked_ms = tally.offers, now_ms
        elapsed_ms = now_ms - tally.started_ms if tally.started_ms else -1.0
        waiting = self.waiting.at(elapsed_ms, tally.offered_at)
        return Progress(
            phase=run.phase,
            left_s=max(0.0, run.ends_ms - now_ms) / 1_000.0 if run.ends_ms else None,
            sessions=sum(team.size for team in teams),
            signed_in=run.crowd.bound,
            activities=activities(teams),
            offers=tally.offers,
            offers_per_s=offers_per_s,
            waiting=waiting.total(),
            offer_ms=self._ranking.spread(),
            troubles=troubles(teams, waiting),
        )

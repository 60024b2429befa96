"""One line every five seconds: what goes on, for whoever watches."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from services.simulator.domain.measure import Spread
from services.simulator.handlers.rehearsal import Rehearsal

EVERY_S = 5.0


@dataclass(slots=True)
class Progress:
    """Tells the state of a run."""

    rehearsal: Rehearsal
    sessions: int
    say: Callable[[str], None]
    _offers: int = 0

    async def tell(self) -> None:
        """Say a line every five seconds until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            self.say(self.line())

    def line(self) -> str:
        """Return the state as one line, and begin counting offers anew."""
        run = self.rehearsal
        tally = run.tally
        spread = Spread.of(tally.offer_ms)
        rate = (tally.offers - self._offers) / EVERY_S
        self._offers = tally.offers
        waiting = max(0, run.sending.acknowledged - tally.first_offers)
        left = max(0.0, run.ends_ms - run.ticks.now_ms()) / 1_000.0
        return (
            f"{run.phase}: {run.crowd.bound}/{self.sessions} signed in, {rate:.1f} offers/s, "
            f"{waiting} waiting, offer p50 {spread.p50:.1f} p99 {spread.p99:.1f} ms"
            + (f", {left:.0f} s left" if run.ends_ms else "")
        )

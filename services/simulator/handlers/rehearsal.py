"""The course of a run: all sign in, contacts come, the last ones finish, all leave."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from services.runtime.errors import TransientError
from services.simulator.domain.arrivals import Arrival, Load
from services.simulator.domain.calls import Script
from services.simulator.domain.measure import Tally
from services.simulator.domain.patience import UNDISTURBED_S
from services.simulator.handlers.crowd import Crowd
from services.simulator.handlers.durability import Durability
from services.simulator.handlers.sending import Sending
from services.simulator.ports import Ticks

SIGN_IN_WITHIN_S = 120.0
LEAVE_WITHIN_S = 20.0
_LOOK_EVERY_S = 0.1
_COUNT_EVERY_S = 1.0
_LEAD_MS = 200.0
_CLOSED = frozenset({"ended", "returned", "held", "refused"})


class NotStartedError(Exception):
    """The run could not begin."""


@dataclass(frozen=True, slots=True)
class Window:
    """The measured part, by the wall clock."""

    from_ms: int
    until_ms: int


@dataclass(slots=True)
class Rehearsal:
    """Leads a run through its phases; what happens in them is the crowd's and the sender's."""

    crowd: Crowd
    sending: Sending
    tally: Tally
    durability: Durability
    script: Script
    places: Callable[[], Awaitable[dict[str, str]]]
    """Asks the recorder where each contact of this run is."""
    ticks: Ticks
    undisturbed_s: float = UNDISTURBED_S
    phase: str = "signing in"
    ends_ms: float = 0.0
    """When the phase ends, monotonic; 0: when it is done."""

    async def sign_in(self, sessions: int, within_s: float = SIGN_IN_WITHIN_S) -> None:
        """Return once everybody is signed in.

        Raises:
            NotStartedError: Not everybody was, in time.
        """
        if not await self._within(within_s, lambda: self.crowd.bound == sessions):
            raise NotStartedError(
                f"sessions: {self.crowd.bound} of {sessions} signed in within "
                f"{within_s:.0f} s; see logs/gateway-0.log and logs/dispatcher-0.log"
            )

    async def load(self, arrivals: Sequence[Arrival], load: Load) -> Window:
        """Send everything at its time; return when the last is acknowledged."""
        started_ms = self.ticks.now_ms() + _LEAD_MS
        started_wall_ms = self.ticks.wall_ms() + _LEAD_MS
        self.tally.started_ms = started_ms
        sending = asyncio.create_task(asyncio.to_thread(self.sending.run, arrivals, started_ms))
        try:
            await self._until("warm-up", started_ms + load.warm_up_ms, sending)
            self.durability.sampling = True
            await self._until("measuring", started_ms + load.until_ms, sending)
            self.durability.sampling = False
            self.phase, self.ends_ms = "last acknowledgements", 0.0
            await sending
        finally:
            # The thread ends by itself soon after; a cancelled run does not wait for it.
            self.sending.stop.set()
        return Window(int(started_wall_ms + load.warm_up_ms), int(started_wall_ms + load.until_ms))

    async def finish(self, within_s: float) -> bool:
        """Wait until every contact is done with; say whether all were in time.

        Calls that go on are shortened, soon after the end of the load: they would take up to twice
        the AHT, and nothing is measured any more.
        """
        self.phase, self.ends_ms = "finishing", self.ticks.now_ms() + within_s * 1_000.0
        # What was sent last is measured, too: nothing is to disturb it on its way.
        await self._within(self.undisturbed_s, self._all_measured)
        self.script.close()
        self.crowd.hurry()
        while self.ticks.now_ms() < self.ends_ms:
            try:
                places = await self.places()
            except TransientError:
                places = {}
            closed = sum(place in _CLOSED for place in places.values())
            if closed >= self.sending.acknowledged and not self.crowd.unsaved:
                return True
            await asyncio.sleep(_COUNT_EVERY_S)
        return False

    async def leave(self) -> None:
        """Sign everybody out; whoever cannot be is left to the dispatcher's limits."""
        self.phase, self.ends_ms = "signing out", 0.0
        self.crowd.leave()
        await self._within(LEAVE_WITHIN_S, lambda: self.crowd.bound == 0)

    def _all_measured(self) -> bool:
        reached = self.tally.reached >= self.sending.acknowledged
        return reached and not self.durability.watched

    async def _until(self, phase: str, at_ms: float, sending: asyncio.Task[None]) -> None:
        self.phase, self.ends_ms = phase, at_ms
        left_s = max(0.0, (at_ms - self.ticks.now_ms()) / 1_000.0)
        done, _ = await asyncio.wait({sending}, timeout=left_s)
        if done and sending.exception() is not None:
            sending.result()
        await asyncio.sleep(max(0.0, (at_ms - self.ticks.now_ms()) / 1_000.0))

    async def _within(self, limit_s: float, condition: Callable[[], bool]) -> bool:
        until_ms = self.ticks.now_ms() + limit_s * 1_000.0
        while not condition():
            if self.ticks.now_ms() >= until_ms:
                return False
            await asyncio.sleep(_LOOK_EVERY_S)
        return True

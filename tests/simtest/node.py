"""A process of the simulation: it is turned, paused, killed, and passes a port at each call."""

from collections.abc import Callable
from random import Random
from typing import Any, cast

from prometheus_client import CollectorRegistry
from typing_extensions import override

from services.runtime.clock import Clock
from services.runtime.lifecycle import Process, Stop
from services.runtime.telemetry import Health, Logger
from tests.simtest.scheduler import Scheduler

GATHERS_MS = 24
WALL_MS = 1_770_000_000_000
"""Wall clock at the begin of a simulation."""


class CrashedError(BaseException):
    """The process was killed here. No `except Exception` of the product holds it up."""


class MachineClock:
    """The wall clock that broker and processes share, unless one of them was stepped."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self.step_ms = 0
        self.stepped = False
        """Whether the clock has ever jumped."""
        self._highest_step_ms = 0

    def wall_ms(self) -> int:
        return self._scheduler.now_ms + WALL_MS + self.step_ms

    def step(self, ms: int) -> None:
        """Set the clock to so much before or behind what it would be."""
        self.stepped = True
        self.step_ms = ms
        self._highest_step_ms = max(self._highest_step_ms, ms)

    def true_ms(self) -> int:
        """Return the time that never falls: after a step back it goes on from where it was.

        By it deadlines are judged that were set before the step.
        """
        return self._scheduler.now_ms + WALL_MS + self._highest_step_ms


class NodeClock(Clock):
    """Monotonic time is everybody's; the wall clock may be stepped."""

    def __init__(self, scheduler: Scheduler, machine: MachineClock) -> None:
        self._scheduler = scheduler
        self._machine = machine
        self.step_ms = 0

    @override
    def monotonic_ms(self) -> int:
        return self._scheduler.now_ms

    @override
    def wall_ms(self) -> int:
        return self._machine.wall_ms() + self.step_ms


class SeededIds:
    """Ids from the seed."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def draw(self, length: int) -> bytes:
        return self._chance.randbytes(length)


class SilentLog:
    """A logger that keeps errors only: some of them are broken promises."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def info(self, event: str, **_: object) -> None:
        del event

    def warning(self, event: str, **_: object) -> None:
        del event

    def error(self, event: str, **fields: object) -> None:
        self.errors.append(f"{event} {fields}")


class NodeStop(Stop):
    """Waiting for the stop takes virtual time."""

    def __init__(self, node: "Node") -> None:
        super().__init__()
        self._node = node

    @override
    def wait(self, seconds: float) -> bool:
        self._node.blocked_ms += int(seconds * 1000)
        return self.asked


class UnscrapedRegistry(CollectorRegistry):
    """Takes metrics and gives none: making their names unique again and again costs time."""

    @override
    def register(self, collector: Any) -> None:
        del collector


class Node:
    """What is common to all processes: life, clock, pauses, and the next wake-up."""

    reader: Any
    writer: Any

    def __init__(
        self,
        name: str,
        scheduler: Scheduler,
        machine: MachineClock,
        chance: Random,
        strike: Callable[["Node", str], None],
    ) -> None:
        """Begin a life.

        Args:
            name: Slot: kind and number.
            scheduler: The one queue.
            machine: The clock of the machine.
            chance: Of this process alone.
            strike: Told of each port call and await while `armed`; may pause or kill.
        """
        self.name = name
        self.kind = name.partition("-")[0]
        self.scheduler = scheduler
        self.chance = chance
        self.alive = True
        self.busy = False
        """Whether its code is on the stack now: paused there, nothing else of it runs."""
        self.blocked_ms = 0
        """How long a call in a thread has waited so far."""
        self.clock = NodeClock(scheduler, machine)
        self.ids = SeededIds(chance)
        self.log = SilentLog()
        self.paused = False
        self.armed = False
        """Whether something is to happen to it at one of its next ports."""
        self._strike = strike
        self._held: list[Callable[[], None]] = []
        self.rests_until_ms = 0
        """Earliest next wake-up: who was just woken takes together what comes meanwhile."""
        self._woken_at_ms: int | None = None

    def process(self) -> Process:
        """Return what a service gets from the process around it."""
        log = cast("Logger", self.log)
        made = Process(self.name, log, Health(self.clock), UnscrapedRegistry(), self.clock)
        made.stop = NodeStop(self)
        return made

    def reach(self, point: str) -> None:
        """Pass a port; it may take long, or be the end."""
        if self.armed:
            self._strike(self, point)
        if not self.alive:
            raise CrashedError

    def reach_await(self, point: Callable[[], str]) -> None:
        """Pass an await, which is only named when something is to happen there."""
        if self.armed:
            self._strike(self, f"await {point()}")
        if not self.alive:
            raise CrashedError

    def pause(self, ms: int) -> None:
        """Stand still, wherever in its code it is, while everybody else goes on."""
        self.paused = True
        try:
            self.scheduler.run_until(self.scheduler.now_ms + ms)
        finally:
            self.paused = False
            held, self._held = self._held, []
            for call in held:
                self.scheduler.after(0, call)

    def when_free(self, call: Callable[[], None]) -> None:
        """Have something happen when its code goes on."""
        self._held.append(call)

    def failed(self, error: BaseException) -> None:
        """Hear of an error that nobody in the process took."""
        raise NotImplementedError

    def wake_at(self, at_ms: int) -> None:
        """Have it turn at a time, or earlier if it was to be anyway."""
        at_ms = max(at_ms, self.scheduler.now_ms, self.rests_until_ms)
        if self._woken_at_ms is None or at_ms < self._woken_at_ms:
            self._woken_at_ms = at_ms
            self.scheduler.at(at_ms, self._woken, at_ms)

    def _woken(self, at_ms: int) -> None:
        if at_ms != self._woken_at_ms:
            return
        self._woken_at_ms = None
        if self.busy:
            self.when_free(lambda: self.wake_at(0))
        elif self.alive:
            self.rests_until_ms = self.scheduler.now_ms + int(self.chance.random() * GATHERS_MS)
            self.turn()

    def turn(self) -> None:
        """Do what a wake-up is for."""
        raise NotImplementedError

    def kill(self) -> None:
        """End this life at once; whatever is on the stack ends at its next port."""
        self.alive = False

"""Contacts at their planned times, whatever the queue does: an open model."""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from services.simulator.domain.arrivals import Arrival
from services.simulator.ports import Ticks

Take = Callable[[Sequence[Arrival]], object]


class Sender:
    """Works a plan of arrivals off, in a thread: an event loop's timers are milliseconds coarse."""

    def __init__(self, take: Take, ticks: Ticks) -> None:
        """Prepare.

        Args:
            take: Hands what is due to the queue; called from the thread.
            ticks: The clock that the plan is by.
        """
        self._take = take
        self._ticks = ticks
        self.stop = threading.Event()
        """Set to end early."""
        self.latest_ms = 0.0
        """How far behind its plan the sender was at worst."""

    def run(self, arrivals: Sequence[Arrival], started_ms: float) -> None:
        """Send everything; return when the last one is handed over."""
        coming = deque(arrivals)
        while coming:
            wait_s = (started_ms + coming[0].at_ms - self._ticks.now_ms()) / 1_000.0
            if self.stop.wait(max(0.0, wait_s)):
                return
            elapsed_ms = self._ticks.now_ms() - started_ms
            due: list[Arrival] = []
            while coming and coming[0].at_ms <= elapsed_ms:
                due.append(coming.popleft())
            if due:
                self.latest_ms = max(self.latest_ms, elapsed_ms - due[0].at_ms)
                self._take(due)

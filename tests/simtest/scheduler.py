"""One queue of events in virtual time: nothing in a simulation happens outside of it.

The order is total and known in advance: by time, then by the order in which events were asked for.
Two runs that ask for the same events therefore see the same history.
"""

import heapq
from collections.abc import Callable
from typing import Any

STEPS_AT_ONCE_MAX = 20_000
"""Steps without any time going by: more is a loop that never falls quiet."""


class LivelockError(BaseException):
    """Events follow each other for ever, and time stands still."""


class Scheduler:
    """Runs events one by one; `run_until` may be called from within an event.

    That is how a synchronous process is paused at a port call: the call runs the rest of the world
    until the pause is over, and returns.
    """

    def __init__(self) -> None:
        self.now_ms = 0
        self.steps = 0
        self.failure: BaseException | None = None
        """What ends the run; product code cannot catch it, as it is raised here."""
        self.after_step: Callable[[], None] = _nothing
        self._queue: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._asked = 0
        self._last_moved = 0

    def at(self, at_ms: int, call: Callable[..., None], *args: Any) -> None:
        """Have something happen at a time, or at once if that is over."""
        self._asked += 1
        heapq.heappush(self._queue, (max(at_ms, self.now_ms), self._asked, call, args))

    def after(self, ms: int, call: Callable[..., None], *args: Any) -> None:
        """Have something happen so much later."""
        self.at(self.now_ms + ms, call, *args)

    def run_until(self, until_ms: int, done: Callable[[], bool] | None = None) -> None:
        """Let time go by up to a moment, or until something is done."""
        queue = self._queue
        while queue and queue[0][0] <= until_ms:
            at_ms, _, call, args = heapq.heappop(queue)
            self.steps += 1
            if at_ms > self.now_ms:
                self.now_ms, self._last_moved = at_ms, self.steps
            elif self.steps - self._last_moved > STEPS_AT_ONCE_MAX:
                raise LivelockError(f"at {self.now_ms} ms: {call} {args}")
            call(*args)
            if self.failure is None:
                self.after_step()
            if self.failure is not None:
                raise self.failure
            if done is not None and done():
                return
        self.now_ms = max(self.now_ms, until_ms)


def _nothing() -> None:
    return

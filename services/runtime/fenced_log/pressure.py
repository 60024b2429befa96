"""Back-pressure (rule 1.13): a reader that cannot keep up asks the writers of its input for less.

The reader judges by controlled delay (CoDel, RFC 8289): what waits for a moment is a burst, what
waits longer than the target for a whole interval is a standing queue. What the writer makes of it
is in `unwanted`.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from services.runtime.fenced_log.role import Reading
from services.runtime.fenced_log.turn import Turn
from services.runtime.fenced_log.wishes import Request, WriteLess
from services.runtime.fenced_log.world import Place
from services.runtime.log_port import LogWriter, SendError, Sent, TopicPartition

TARGET_MS = 1_000
"""What may wait: within a second a decision is promised (promise 3)."""
INTERVAL_MS = 1_000
"""How long more than that waits before it counts: several times the way of a request and back."""
ASK_EVERY_MS = 250

_WHY = "what waits here has waited for more than a second"


class StandingQueue:
    """Judges whether a partition keeps up with what is for it."""

    def __init__(self) -> None:
        self._above_since_ms: int | None = None
        self._asked_ms = -math.inf

    def asks(self, waited_ms: int, mono_ms: int) -> bool:
        """Tell whether to ask for less now.

        Args:
            waited_ms: How long the oldest input here has waited; 0 when none does.
            mono_ms: Now, monotonic.
        """
        if waited_ms <= TARGET_MS:
            self._above_since_ms = None
            return False
        if self._above_since_ms is None:
            self._above_since_ms = mono_ms
        stands = mono_ms - self._above_since_ms >= INTERVAL_MS
        if not stands or mono_ms - self._asked_ms < ASK_EVERY_MS:
            return False
        self._asked_ms = mono_ms
        return True


class BackPressure:
    """Asks for less on behalf of the partitions that one slot owns."""

    def __init__(
        self, place: Place, spread: str | None, writer: LogWriter, draw: Callable[[], bytes]
    ) -> None:
        """Ask for nothing yet.

        Args:
            place: The slot, and how many partitions the spread input has.
            spread: Topic of the fenced log whose writers are asked; None: there is none.
            writer: Appends requests; what becomes of them is not waited for.
            draw: Draws the random id of a record.
        """
        self._place = place
        self._spread = spread
        self._writer = writer
        self._draw = draw
        self._queues = [StandingQueue() for _ in range(place.partitions)]

    def step(self, turn: Turn[Any, Any], now_ms: int, reading: Reading) -> None:
        """Ask, if what is for an owned partition waits too long.

        Args:
            turn: What waits there, before it is decided.
            now_ms: Broker time.
            reading: Clocks, now.
        """
        partition = turn.partition
        if self._spread is None:
            return
        waited_ms = turn.waited_ms(now_ms)
        if not self._queues[partition.number].asks(waited_ms, reading.mono_ms):
            return
        slot = self._place.slot
        request = Request(slot, _WHY, WriteLess(partition.number), slot)
        for number in range(self._place.partitions):
            tp = (self._spread, number)
            partition.ask(request, self._draw(), partial(self._send, tp))

    def _send(self, tp: TopicPartition, value: bytes, _: object) -> None:
        self._writer.send(tp, value, _ignore)


def _ignore(_: Sent | SendError) -> None:
    """Wait for nothing: a request that is lost is made again while there is reason to."""

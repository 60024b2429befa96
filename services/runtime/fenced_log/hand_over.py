"""Planned changes of owner (rule 1.11): given away when asked, asked for by the preferred slot."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.runtime.fenced_log.header import Yield
from services.runtime.fenced_log.partition import Partition
from services.runtime.fenced_log.role import Reading, Role, Send
from services.runtime.fenced_log.watch import Watch
from services.runtime.fenced_log.wishes import HandOver, Request
from services.runtime.fenced_log.world import Place

CALM_MS = 10_000
"""How long a slot has read everything to its end before it asks for what it is preferred for."""
BLIP_MS = 2_000
"""Whoever reads a busy log is at its end every now and then."""
ASK_EVERY_MS = 60_000
_LATELY_MS = 600_000
_ANYBODY = ""
_WHY = "preferred slot, and at the end of everything"


@dataclass(slots=True)
class _Return:
    """Judges when a slot asks for one partition that it is preferred for."""

    calm_since_ms: int | None = None
    calm_ms: int = 0
    """When it was calm last."""
    asked_ms: int | None = None

    def is_due(self, watch: Watch, reading: Reading, stamp_ms: int, *, calm: bool) -> bool:
        if watch.placed or watch.is_yielded or not calm:
            if reading.mono_ms - self.calm_ms > BLIP_MS:
                self.calm_since_ms = None
            return False
        self.calm_ms = reading.mono_ms
        if self.calm_since_ms is None:
            self.calm_since_ms = reading.mono_ms
        # A slot that keeps dying asks ever later; the log remembers that, its memory does not.
        lately = sum(1 for at in watch.takeovers if stamp_ms - at < _LATELY_MS)
        if reading.mono_ms - self.calm_since_ms < CALM_MS * 2 ** max(0, lately - 1):
            return False
        if self.asked_ms is not None and reading.mono_ms - self.asked_ms < ASK_EVERY_MS:
            return False
        self.asked_ms = reading.mono_ms
        return True


class HandingOver:
    """Ends reigns of this slot when asked to, and asks for those that it should have.

    No promise hangs on it: a reign begins with its fence alone, and one that is over or was never
    asked for is only an owner that is silent.
    """

    def __init__(self, place: Place) -> None:
        self.leaving = False
        """Whether this slot gives up all that it owns, and takes nothing."""
        self._place = place
        self._returns: defaultdict[int, _Return] = defaultdict(_Return)

    def has_left(self, partitions: list[Partition[Any, Any]]) -> bool:
        """Tell whether nobody has to wait for this slot's silence; with one slot, nobody does."""
        held = (Role.FENCING, Role.OWNING)
        return self._place.slots == 1 or not any(p.role in held for p in partitions)

    def step(
        self, partition: Partition[Any, Any], reading: Reading, send: Send, *, calm: bool
    ) -> bool:
        """End the reign over a partition if that is asked for; tell whether a record was sent.

        Args:
            partition: One that may write: all that was decided is settled.
            reading: Clocks, now.
            send: Appends a record.
            calm: Whether another slot may have it that asks by itself.
        """
        to_slot = self._given_to(partition, reading, calm=calm)
        if to_slot is None:
            return False
        partition.decided.name_all()  # whoever goes on knows all that this slot knows
        partition.write_control(Yield(to_slot), reading, send)
        return True

    def _given_to(
        self, partition: Partition[Any, Any], reading: Reading, *, calm: bool
    ) -> str | None:
        if self.leaving:
            return _ANYBODY
        stamp_ms = partition.time.stamp_ms(reading.mono_ms)
        return partition.requests.hand_over(self._place.slot, stamp_ms, calm=calm)

    def ask(
        self,
        partition: Partition[Any, Any],
        reading: Reading,
        draw: Callable[[], bytes],
        send: Send,
        *,
        calm: bool,
    ) -> None:
        """Ask for a partition that another slot owns, if this one is preferred for it.

        Args:
            partition: One that this slot does not own.
            reading: Clocks, now.
            draw: Draws the random id of a record.
            send: Appends a record.
            calm: Whether its log and all orders are read to their end.
        """
        slot = self._place.slot
        if not self._place.prefers(partition.number):
            return
        is_other_s = partition.watch.owner_slot not in (None, slot)
        calm = calm and is_other_s and partition.role is Role.FOLLOWING
        stamp_ms = partition.time.stamp_ms(reading.mono_ms)
        if self._returns[partition.number].is_due(partition.watch, reading, stamp_ms, calm=calm):
            partition.ask(Request(slot, _WHY, HandOver(slot), slot), draw(), send)

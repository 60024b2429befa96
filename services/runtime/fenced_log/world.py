"""Where a decider works, and everything outside that it touches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.runtime.clock import Clock
from services.runtime.fenced_log.header import Failure
from services.runtime.fenced_log.snapshot import SNAPSHOT_EVERY
from services.runtime.fenced_log.turn import Pending
from services.runtime.fenced_log.watch import OWNER_SILENCE_MS
from services.runtime.ids import Ids
from services.runtime.log_port import Arrived, LogReader, LogWriter

QUEUED_MAX = 20_000


class Observer(Protocol):
    """Told what the decider does, for metrics and logs; never decides anything."""

    def owned(self, partition: int, *, owned: bool, epoch: int) -> None:
        """A partition was taken or lost."""

    def loaded(self, partition: int, covered: int, end: int) -> None:
        """A fold begins at a snapshot that covers so many of so many records."""

    def wrote(self, partition: int, entries: Sequence[Any], queued: int, waited_ms: int) -> None:
        """A record was sent, for inputs of which the oldest waited so long."""

    def set_aside(self, failure: Failure, pending: Pending[Any]) -> None:
        """Keep an input that is set aside among the dead letters, under a ceiling.

        Returns when it is kept for good: its failure is written after that, and it is never seen
        again. It may be asked twice for one input, when the process dies in between.

        Raises:
            HeldBackError: Too many came of its partition; the input waits, and is asked for again.
        """


@dataclass(frozen=True, slots=True)
class Place:
    """Which partitions of which log a slot works on, and with whom."""

    log: str
    partitions: int
    slot: str
    slot_index: int
    slots: int
    owner_silence_ms: int = OWNER_SILENCE_MS
    snapshot_every: int = SNAPSHOT_EVERY
    """Records of a partition from one snapshot to the next."""
    queued_max: int = QUEUED_MAX
    """Inputs that may wait in this process before it reads no more of them."""

    def prefers(self, partition: int) -> bool:
        """Tell whether an ownerless partition is this slot's to take at once."""
        return partition % self.slots == self.slot_index


@dataclass(frozen=True, slots=True)
class World:
    """Everything outside that a decider touches."""

    reader: LogReader
    writer: LogWriter
    clock: Clock
    ids: Ids
    observer: Observer
    on_live: Callable[[Arrived], None] | None = None
    """Takes the records of live topics."""

"""Append as every writer of Seatline does: what gathers while a record is out shares the next."""

from collections import deque
from collections.abc import Callable

from bench.world import WorldError
from services.runtime.fenced_log.turn import BYTES_MAX, ENTRIES_MAX
from services.runtime.log_port import LogWriter, SendError, Sent


class Lanes:
    """The partitions of one topic, with at most one record out in each."""

    def __init__(
        self,
        writer: LogWriter,
        topic: str,
        header: bytes = b"",
        settled: Callable[[int], object] | None = None,
    ) -> None:
        """Start with nothing waiting.

        Args:
            writer: The log.
            topic: Where to.
            header: Begins every record.
            settled: Called with a partition whose record was acknowledged, by whoever serves the
                writer; it is to see that `settle` is called. Left out: that is done at once.
        """
        self._writer = writer
        self._topic = topic
        self._header = header
        self._settled = settled or self.settle
        self._waiting: dict[int, deque[bytes]] = {}
        self._out: dict[int, list[bytes]] = {}

    def add(self, partition: int, entry: bytes) -> None:
        """Let an entry wait for the next record of its partition."""
        self._waiting.setdefault(partition, deque()).append(entry)

    def send(self) -> None:
        """Append what waits wherever no record is out."""
        for partition in [each for each in self._waiting if each not in self._out]:
            waiting = self._waiting[partition]
            self._out[partition] = batch = _take(waiting)
            if not waiting:
                del self._waiting[partition]
            value = self._header + b"".join(batch)
            self._writer.send((self._topic, partition), value, self._done)

    def settle(self, partition: int) -> list[bytes]:
        """Make way for the next record of a partition; return the entries of the last."""
        return self._out.pop(partition)

    @property
    def blocked(self) -> int:
        """Partitions in which entries wait for an acknowledgement."""
        return sum(1 for each in self._waiting if each in self._out)

    @property
    def idle(self) -> bool:
        """True when nothing waits and nothing is out."""
        return not (self._waiting or self._out)

    def _done(self, outcome: Sent | SendError) -> None:
        if isinstance(outcome, SendError):
            raise WorldError(f"{outcome.topic}/{outcome.partition}: {outcome.reason}")
        self._settled(outcome.partition)


def _take(waiting: deque[bytes]) -> list[bytes]:
    batch: list[bytes] = []
    size = 0
    while waiting and len(batch) < ENTRIES_MAX and size < BYTES_MAX:
        size += len(waiting[0])
        batch.append(waiting.popleft())
    return batch

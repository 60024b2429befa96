"""Append as every writer of Seatline does: what gathers while a record is out shares the next."""

from collections.abc import Callable

from bench.bare_path.wire import Log, record
from bench.world import WorldError
from services.runtime.log_port import LogWriter, SendError, Sent

ENTRIES_MAX = 500


class Lanes:
    """The partitions of one topic, with at most one record out in each."""

    def __init__(
        self, writer: LogWriter, log: Log, settled: Callable[[int], object] | None = None
    ) -> None:
        """Start with nothing waiting.

        Args:
            writer: The log.
            log: Where to.
            settled: Called with a partition whose record was acknowledged, by whoever serves the
                writer; it is to see that `settle` is called. Left out: that is done at once.
        """
        self._writer = writer
        self._log = log
        self._settled = settled or self.settle
        self._waiting: dict[int, list[bytes]] = {}
        self._out: dict[int, list[bytes]] = {}

    def add(self, partition: int, entry: bytes) -> None:
        """Let an entry wait for the next record of its partition."""
        self._waiting.setdefault(partition, []).append(entry)

    def send(self) -> None:
        """Append what waits wherever no record is out."""
        for partition in [each for each in self._waiting if each not in self._out]:
            waiting = self._waiting.pop(partition)
            if len(waiting) > ENTRIES_MAX:
                self._waiting[partition] = waiting[ENTRIES_MAX:]
            self._out[partition] = batch = waiting[:ENTRIES_MAX]
            value = record(self._log.header, batch)
            self._writer.send((self._log.topic, partition), value, self._done)

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

"""One reader of two: what somebody waits for comes at once, the rest in bulk.

Every answer of the broker costs it and its client about the same, however little it holds, and
names every partition that was asked for. A log that is only read to be followed need not cost an
answer for each record.
"""

from collections.abc import Collection, Mapping

from services.runtime.log_port import Arrived, End, LogReader, TopicPartition


class TwoSpeedReader:
    """A `LogReader` that reads some topics with one reader and all others with another."""

    def __init__(self, at_once: LogReader, in_bulk: LogReader, bulk: Collection[str]) -> None:
        """Read nothing yet.

        Args:
            at_once: Waited for in `poll`.
            in_bulk: Looked at in each `poll`, never waited for.
            bulk: Topics of the latter.
        """
        self._at_once = at_once
        self._in_bulk = in_bulk
        self._bulk = frozenset(bulk)

    def assign(self, starts: Mapping[TopicPartition, int]) -> None:
        """Read exactly these partitions; see `LogReader.assign`."""
        self._at_once.assign({tp: at for tp, at in starts.items() if tp[0] not in self._bulk})
        self._in_bulk.assign({tp: at for tp, at in starts.items() if tp[0] in self._bulk})

    def seek(self, tp: TopicPartition, offset: int) -> None:
        """Go on from another offset."""
        self._of(tp).seek(tp, offset)

    def pause(self, tps: Collection[TopicPartition]) -> None:
        """Return nothing more of these partitions for now."""
        for tp in tps:
            self._of(tp).pause([tp])

    def resume(self, tps: Collection[TopicPartition]) -> None:
        """Return records of these partitions again."""
        for tp in tps:
            self._of(tp).resume([tp])

    def poll(self, timeout_s: float) -> list[Arrived]:
        """Return what arrived, at most 500 records of each kind.

        What comes in bulk ends no wait, but a backlog of it is read without one.
        """
        followed = self._in_bulk.poll(0.0)
        return self._at_once.poll(0.0 if followed else timeout_s) + followed

    def ends(self) -> Mapping[TopicPartition, End]:
        """Return the newest known end of each assigned partition."""
        return {**self._at_once.ends(), **self._in_bulk.ends()}

    def at_end(self, tp: TopicPartition, within_ms: int) -> bool:
        """Tell whether all of a partition was returned; see `LogReader.at_end`."""
        return self._of(tp).at_end(tp, within_ms)

    def close(self) -> None:
        """Stop reading."""
        self._at_once.close()
        self._in_bulk.close()

    def _of(self, tp: TopicPartition) -> LogReader:
        return self._in_bulk if tp[0] in self._bulk else self._at_once

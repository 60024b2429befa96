"""Read a fenced log without its past: from its newest snapshot on."""

from collections.abc import Callable, Collection, Mapping

from services.runtime.fenced_log.header import FencePoint, Header
from services.runtime.fenced_log.loading import Loading
from services.runtime.fenced_log.snapshot import SNAPSHOT_EVERY
from services.runtime.log_port import Arrived, End, LogReader, TopicPartition


class FromSnapshots:
    """A `LogReader` for whoever needs no state of the past of a log, but has to judge its records.

    Before it is known where a partition begins, none of it is returned and it is not at its end.
    """

    def __init__(
        self,
        reader: LogReader,
        log: str,
        header: Callable[[bytes], Header],
        width: int = 2 * SNAPSHOT_EVERY,
    ) -> None:
        """Read nothing yet.

        Args:
            reader: What reads.
            log: Topic of the fenced log; other topics are read as they are.
            header: Decodes the header of a record.
            width: How many of the last records are looked at first.
        """
        self.points: dict[int, FencePoint] = {}
        """By partition, the last record that counts before the first one returned."""
        self._reader = reader
        self._log = log
        self._header = header
        self._loading = Loading(reader.seek, width)

    def assign(self, starts: Mapping[TopicPartition, int]) -> None:
        """Read exactly these partitions; those of the log from where `poll` finds to begin."""
        self._reader.assign(starts)
        self._loading.begin(tp for tp in starts if tp[0] == self._log)

    def seek(self, tp: TopicPartition, offset: int) -> None:
        """Go on from another offset."""
        self._reader.seek(tp, offset)

    def pause(self, tps: Collection[TopicPartition]) -> None:
        """Return nothing more of these partitions for now."""
        self._reader.pause(tps)

    def resume(self, tps: Collection[TopicPartition]) -> None:
        """Return records of these partitions again."""
        self._reader.resume(tps)

    def poll(self, timeout_s: float) -> list[Arrived]:
        """Return what arrived; see `LogReader.poll`."""
        arrived = self._reader.poll(timeout_s)
        if not self._loading.is_looking:
            return arrived
        returned = []
        for record in arrived:
            if (record.topic, record.partition) in self._loading:
                self._loading.take(record, self._header)
            else:
                returned.append(record)
        for (_, partition), snapshot in self._loading.found(self._reader.ends()):
            if snapshot is not None:
                self.points[partition] = snapshot.point
        return returned

    def ends(self) -> Mapping[TopicPartition, End]:
        """Return the newest known end of each assigned partition."""
        return self._reader.ends()

    def at_end(self, tp: TopicPartition, within_ms: int) -> bool:
        """Tell whether all of a partition was returned; see `LogReader.at_end`."""
        return tp not in self._loading and self._reader.at_end(tp, within_ms)

    def close(self) -> None:
        """Stop reading."""
        self._reader.close()

"""The fenced logs of a slot's partitions, read in a thread and judged by the reader rule."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

from services.recorder.adapters.codec import (
    REQUEST,
    UndecodableError,
    control_of,
    decode_facts,
    decode_rulings,
)
from services.recorder.adapters.values import instant
from services.recorder.domain.entries import (
    Entry,
    Log,
    LogPoint,
    LogRecord,
    Partition,
    Position,
)
from services.recorder.ports import Advance, Reading
from services.runtime.clock import Clock
from services.runtime.errors import PromiseBrokenError, TransientError
from services.runtime.fenced_log.header import FencePoint, Header
from services.runtime.fenced_log.reader import FencedReader
from services.runtime.log_port import Arrived, LogReader

RULINGS_TOPIC = "seatline.rulings.v1"
FACTS_TOPIC = "seatline.facts.v1"

POLL_S = 0.25
ASK_S = 2.0
END_IS_NEWS_MS = 5_000

_Decode = Callable[[bytes], tuple[Header, tuple[Entry, ...]]]
_LOGS: dict[str, tuple[Log, _Decode]] = {
    RULINGS_TOPIC: (Log.RULINGS, decode_rulings),
    FACTS_TOPIC: (Log.FACTS, decode_facts),
}


class _PartitionReader:
    """One partition's place: the position, and the reader rule's memory that belongs to it."""

    def __init__(self, partition: Partition, position: Position) -> None:
        self.name = f"{partition[0]}/{partition[1]}"
        self.next_offset = position.next_offset
        self.appended_at_ms: int | None = None
        self._partition = partition
        self._reader_epoch = position.reader_epoch
        self._log_time = position.log_time
        self._base = position.offset_base
        self._log, self._decode = _LOGS[partition[0]]
        point = position.point
        self._rule = FencedReader(
            self.name, FencePoint(point.epoch, point.owner, point.seq) if point else None
        )

    @property
    def position(self) -> Position:
        """Where it is now; made when asked for, which is once a batch."""
        at = self._rule.point
        point = LogPoint(at.epoch, at.owner, at.seq) if at else None
        return Position(self.next_offset, self._reader_epoch, point, self._log_time, self._base)

    def read(self, arrived: Arrived) -> LogRecord | None:
        """Step over a record; give it if it says something that is kept."""
        if arrived.offset != self.next_offset:
            raise PromiseBrokenError(
                f"{self.name}: offset {arrived.offset} came where {self.next_offset} was "
                "due: records are missing; compare retention with recorder_position"
            )
        try:
            header, entries = self._decode(arrived.value)
        except UndecodableError as error:
            raise PromiseBrokenError(
                f"{self.name}: the record at offset {arrived.offset} cannot be understood "
                f"({error}); only its writer may write there: look who else did, or upgrade this "
                "reader"
            ) from error
        counts = self._rule.accept(header).counts
        self.appended_at_ms = arrived.appended_at_ms
        self.next_offset += 1
        control = control_of(header, arrived.appended_at_ms)
        offset = self._base + arrived.offset
        if counts:
            self._log_time = at = instant(header.at_ms)
            return LogRecord(self._log, self._partition, offset, at, entries, control)
        if control is not None and control.kind == REQUEST:
            return LogRecord(self._log, self._partition, offset, control.at, (), control)
        return None


class FencedRecords:
    """Hands out the records of the fenced logs; see `RecordSource`."""

    def __init__(self, reader: LogReader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock
        self._pending: deque[Arrived] = deque()
        self._partitions: dict[Partition, _PartitionReader] = {}

    async def start(self, positions: Mapping[Partition, Position]) -> None:
        """Read on from these positions; see `RecordSource.start`."""
        self._pending.clear()
        self._partitions = {tp: _PartitionReader(tp, at) for tp, at in positions.items()}
        # What the reader has fetched already lies behind other positions: it has to begin anew.
        await asyncio.to_thread(self._reader.assign, {})
        await asyncio.to_thread(
            self._reader.assign, {tp: at.next_offset for tp, at in positions.items()}
        )

    async def gather(self, entries_limit: int) -> Reading:
        """Return what has gathered; see `RecordSource.gather`."""
        return await asyncio.to_thread(self._gather, entries_limit)

    def unread(self, partition: Partition) -> bool:
        """Tell whether a partition may hold more; see `RecordSource.unread`."""
        place = self._partitions.get(partition)
        end = self._reader.ends().get(partition)
        if place is None or end is None:
            return True
        too_old = self._clock.monotonic_ms() - end.asked_at_ms > END_IS_NEWS_MS
        return too_old or place.next_offset < end.offset

    def appended_at_ms(self, partition: Partition) -> int | None:
        """Return when the newest record handed out was appended; None before the first."""
        place = self._partitions.get(partition)
        return place.appended_at_ms if place else None

    def close(self) -> None:
        """Stop reading."""
        self._reader.close()

    def _gather(self, entries_limit: int) -> Reading:
        records: list[LogRecord] = []
        before: dict[Partition, Position] = {}
        entries = 0
        timeout_s = POLL_S
        while entries < entries_limit and self._refill(timeout_s):
            timeout_s = 0.0
            arrived = self._pending.popleft()
            tp = (arrived.topic, arrived.partition)
            place = self._partitions[tp]
            at = before.get(tp) or place.position
            try:
                record = place.read(arrived)
            except PromiseBrokenError:
                if not before:
                    raise
                # What came before it is whole: it is recorded first, and this stops the next call.
                self._pending.appendleft(arrived)
                break
            before[tp] = at
            if record is not None:
                records.append(record)
            # A record without entries is work, too: heartbeats alone must not fill memory.
            entries += max(1, len(record.entries) if record else 0)
        advances = {tp: Advance(at, self._partitions[tp].position) for tp, at in before.items()}
        return Reading(records, advances, full=entries >= entries_limit)

    def _refill(self, timeout_s: float) -> bool:
        if not self._pending:
            try:
                self._pending.extend(self._reader.poll(timeout_s))
            except PromiseBrokenError as error:
                raise PromiseBrokenError(f"{error}{self._unrecorded()}") from error
        return bool(self._pending)

    def _unrecorded(self) -> str:
        """Name the logs of which nothing is recorded: they are needed from their first record."""
        empty = [each.name for each in self._partitions.values() if each.next_offset == 0]
        if not empty:
            return ""
        return (
            f". Nothing of {', '.join(sorted(empty))} is recorded here: an empty database is "
            "rebuilt from the first record of each log, and where a log has lost its beginning, "
            "every ruling and fact before its oldest record is missing. Restore a backup of "
            "Postgres (docs/recovery.md)"
        )


async def ask_topic_ids(
    admin: AdminClient, partitions: Iterable[Partition]
) -> dict[Partition, str]:
    """Ask the broker for the id that each partition's topic has now.

    Raises:
        TransientError: The broker is away, or a topic is not there.
    """
    wanted = list(partitions)
    if not wanted:
        return {}
    topics = sorted({topic for topic, _ in wanted})
    asked = admin.describe_topics(TopicCollection(topics), request_timeout=ASK_S)
    ids = {}
    for topic, future in asked.items():
        try:
            ids[topic] = str((await asyncio.to_thread(future.result)).topic_id)
        except KafkaException as error:
            raise TransientError(f"{topic}: Kafka does not answer: {error}") from error
    return {(topic, number): ids[topic] for topic, number in wanted}

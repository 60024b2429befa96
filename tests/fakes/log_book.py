"""The log book of the command line, in memory."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from services.cli.adapters.log_book import Bounds
from services.runtime.log_port import Arrived
from tests.support.recorder_entries import NOON_MS

STAMPED_MS = NOON_MS
"""Append time of the record at offset 0."""


class WriterDiedError(Exception):
    """The process ended here; nothing of ours catches it."""


class InMemoryLogBook:
    """Keeps lists of values; `starts` are what retention has taken."""

    def __init__(self, partitions: int = 2) -> None:
        self.partitions = partitions
        self.values: dict[tuple[str, int], list[bytes]] = defaultdict(list)
        self.starts: dict[tuple[str, int], int] = defaultdict(int)
        self.done: dict[int, int] = {}
        self.appended: list[tuple[str, bytes]] = []
        self.on_append: list[tuple[str, int, bytes]] = []
        """Records that others write once an order is appended."""
        self.appended_at_ms: dict[tuple[str, int, int], int] = {}
        """Append times of records that were not stamped by their offset."""
        self.dies_at_append: int | None = None
        """Which append, from 1, ends the writer, before anything is written."""

    def put(self, topic: str, partition: int, value: bytes) -> int:
        self.values[topic, partition].append(value)
        return len(self.values[topic, partition]) - 1

    def bounds(self, topic: str) -> Mapping[int, Bounds]:
        count = 1 if topic == "seatline.map.v1" else self.partitions
        return {
            number: Bounds(self.starts[topic, number], len(self.values[topic, number]))
            for number in range(count)
        }

    def read(self, topic: str, ranges: Mapping[int, Bounds]) -> Iterator[Arrived]:
        for partition, (start, stop) in sorted((n, (b.start, b.end)) for n, b in ranges.items()):
            values = self.values[topic, partition]
            for offset in range(max(start, self.starts[topic, partition]), min(stop, len(values))):
                at_ms = self._stamp(topic, partition, offset)
                yield Arrived(topic, partition, offset, at_ms, values[offset])

    def offsets_at(self, topic: str, at_ms: int) -> Mapping[int, int]:
        found = {}
        for number, (start, end) in ((n, (b.start, b.end)) for n, b in self.bounds(topic).items()):
            later = (o for o in range(start, end) if self._stamp(topic, number, o) >= at_ms)
            found[number] = next(later, end)
        return found

    def _stamp(self, topic: str, partition: int, offset: int) -> int:
        return self.appended_at_ms.get((topic, partition, offset), STAMPED_MS + offset)

    def follow(self, topic: str, starts: Mapping[int, int], within_s: float) -> Iterator[Arrived]:
        del within_s
        for partition, start in starts.items():
            end = len(self.values[topic, partition])
            yield from self.read(topic, {partition: Bounds(start, end)})

    def committed(self, group: str, topic: str) -> Mapping[int, int]:
        del group, topic
        return {number: self.done.get(number, 0) for number in range(self.partitions)}

    def append(self, topic: str, key: bytes, value: bytes, partition: int = 0) -> int:
        if self.dies_at_append == len(self.appended) + 1:
            raise WriterDiedError
        self.appended.append((topic, key))
        offset = self.put(topic, partition, value)
        for record in self.on_append:
            self.put(*record)
        self.on_append.clear()
        return self._stamp(topic, partition, offset)


class InMemoryAppends:
    """Appends to an in-memory book at a time; its user may be ended at any append, or in it."""

    def __init__(self, book: InMemoryLogBook, now_ms: int = STAMPED_MS) -> None:
        self.book = book
        self.now_ms = now_ms
        self.calls = 0
        self.dies_before: int | None = None
        """Which call, from 1, ends the user before anything of it is written."""
        self.dies_after: int | None = None
        """Which call ends the user when all of it is written."""
        self.before: list[tuple[str, int, bytes]] = []
        """What others append just before the next call."""

    def append_all(self, records: Sequence[tuple[str, int, bytes]]) -> list[int]:
        self.calls += 1
        if self.dies_before == self.calls:
            raise WriterDiedError
        for record in self.before:
            self._put(*record)
        self.before.clear()
        offsets = [self._put(*record) for record in records]
        if self.dies_after == self.calls:
            raise WriterDiedError
        return offsets

    def _put(self, topic: str, partition: int, value: bytes) -> int:
        offset = self.book.put(topic, partition, value)
        self.book.appended_at_ms[topic, partition, offset] = self.now_ms
        return offset

"""The log book of the command line, in memory."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from services.cli.adapters.log_book import Bounds
from services.runtime.log_port import Arrived


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
                yield Arrived(topic, partition, offset, 1_770_000_000_000 + offset, values[offset])

    def follow(self, topic: str, starts: Mapping[int, int], within_s: float) -> Iterator[Arrived]:
        del within_s
        for partition, start in starts.items():
            end = len(self.values[topic, partition])
            yield from self.read(topic, {partition: Bounds(start, end)})

    def committed(self, group: str, topic: str) -> Mapping[int, int]:
        del group, topic
        return {number: self.done.get(number, 0) for number in range(self.partitions)}

    def append(self, topic: str, key: bytes, value: bytes) -> None:
        if self.dies_at_append == len(self.appended) + 1:
            raise WriterDiedError
        self.appended.append((topic, key))
        self.put(topic, 0, value)
        for record in self.on_append:
            self.put(*record)
        self.on_append.clear()

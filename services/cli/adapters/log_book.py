"""The logs as a book: bounded reading from anywhere, and single orders appended."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.runtime.log_port import Arrived


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range of a partition: from an offset up to, and without, another."""

    start: int
    end: int


class LogBook(Protocol):
    """Reading and appending, each call with a deadline.

    Every method raises StackAwayError when the brokers do not answer in time.
    """

    def bounds(self, topic: str) -> Mapping[int, Bounds]:
        """Return what each partition of a topic holds now."""

    def read(self, topic: str, ranges: Mapping[int, Bounds]) -> Iterator[Arrived]:
        """Yield the records of ranges, each from its start (or the oldest kept) to its end.

        The partitions are read together: each comes in its order, and they in none.
        """

    def follow(self, topic: str, starts: Mapping[int, int], within_s: float) -> Iterator[Arrived]:
        """Yield the records of several partitions as they come, until the deadline."""

    def offsets_at(self, topic: str, at_ms: int) -> Mapping[int, int]:
        """Return the offset of each partition's first record appended at a time or later.

        A partition without one has its end there.
        """

    def committed(self, group: str, topic: str) -> Mapping[int, int]:
        """Return the offsets below which a consumer group is done; 0 where it never committed."""

    def append(self, topic: str, key: bytes, value: bytes, partition: int = 0) -> int:
        """Append a record and return its append time, in milliseconds, once it is acknowledged."""


class Appends(Protocol):
    """Appending where a reader of certain partitions will look."""

    def append_all(self, records: Sequence[tuple[str, int, bytes]]) -> list[int]:
        """Append values to topics and partitions; return their offsets once all are acknowledged.

        Raises:
            StackAwayError: One was not acknowledged in time; each may be there or not.
        """

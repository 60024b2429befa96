"""The log as handlers see it: records arrive, records are sent, and ends are known.

A real broker (`kafka_log`) and the in-memory log of the tests keep the same promises.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

TopicPartition = tuple[str, int]

START = -2
"""Offset that means: from the oldest record kept."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A record that was read."""

    topic: str
    partition: int
    offset: int
    appended_at_ms: int
    """Broker's append time, milliseconds since the Unix epoch."""
    value: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """A record that the broker acknowledged."""

    topic: str
    partition: int
    offset: int
    appended_at_ms: int | None
    """Broker's append time; None when the broker did not tell it."""


@dataclass(frozen=True, slots=True)
class SendError:
    """A record that was not acknowledged; whether it is in the log is unknown."""

    topic: str
    partition: int
    reason: str


@dataclass(frozen=True, slots=True)
class End:
    """The end of a partition at a known moment."""

    offset: int
    """Offset of the next record to be appended."""
    asked_at_ms: int
    """When the question was sent, monotonic: records acknowledged before lie below `offset`."""
    answered_at_ms: int
    """When the answer came, monotonic."""


class LogReader(Protocol):
    """Reads partitions that it was told to read, in order, without a consumer group."""

    def assign(self, starts: Mapping[TopicPartition, int]) -> None:
        """Read exactly these partitions from these offsets (or `START`) on.

        Partitions that are assigned already keep their place.
        """

    def seek(self, tp: TopicPartition, offset: int) -> None:
        """Go on reading an assigned partition from another offset (or `START`)."""

    def pause(self, tps: Collection[TopicPartition]) -> None:
        """Return nothing more of these partitions until they are resumed."""

    def resume(self, tps: Collection[TopicPartition]) -> None:
        """Return records of these partitions again, from where they were paused."""

    def poll(self, timeout_s: float) -> list[Arrived]:
        """Return what arrived, at most 500 records, waiting up to `timeout_s` for the first.

        Raises:
            PromiseBrokenError: An offset is out of range, or the topic is gone.
        """

    def ends(self) -> Mapping[TopicPartition, End]:
        """Return the newest known end of each assigned partition; asked for in the background."""

    def at_end(self, tp: TopicPartition, within_ms: int) -> bool:
        """Tell whether all that `poll` had to return of a partition was returned (rule 2.3).

        True only for an end that was asked for at most `within_ms` ago: an answer that lay unread
        while this process was paused proves nothing.
        """

    def close(self) -> None:
        """Stop reading."""


class LogWriter(Protocol):
    """Appends records: idempotent, in order per partition, acknowledged by all in-sync replicas."""

    def send(
        self,
        tp: TopicPartition,
        value: bytes,
        done: Callable[[Sent | SendError], None],
        key: bytes | None = None,
    ) -> None:
        """Append a record; `done` is called from `serve` with what became of it.

        Raises:
            TransientError: The local queue is full.
        """

    def serve(self, timeout_s: float = 0.0) -> None:
        """Call the `done` of what was settled.

        Raises:
            PromiseBrokenError: The producer can no longer guarantee order or idempotence.
        """

    def flush(self, timeout_s: float) -> int:
        """Wait until all is settled; return how many records are not."""

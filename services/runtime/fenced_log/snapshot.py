"""Snapshots of a partition's fold (rule 1.8): taken by its owner, found by whoever starts."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from services.runtime.errors import PoisonError, PromiseBrokenError
from services.runtime.fenced_log.core import StateCodec
from services.runtime.fenced_log.header import (
    Fence,
    FencePoint,
    Header,
    SnapshotChunk,
    SnapshotDone,
)
from services.runtime.fenced_log.partition import Partition
from services.runtime.fenced_log.role import Reading, Send

SNAPSHOT_EVERY = 2_500
"""Records of a partition from one snapshot to the next: a fold takes some 0.1 s for them."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole snapshot that counts."""

    point: FencePoint
    """The last record that it covers."""
    done: SnapshotDone
    chunks: tuple[bytes, ...]

    def restore(self, partition: Partition[Any, Any], codec: StateCodec[Any]) -> None:
        """Bring a partition that has read nothing to the state behind what is covered.

        Raises:
            PromiseBrokenError: The state cannot be read.
        """
        try:
            codec.restore(partition.core, self.chunks)
        except PoisonError as error:
            topic, number = partition.tp
            raise PromiseBrokenError(
                f"{topic}/{number}: the snapshot of what lies below offset {self.done.covered} "
                f"cannot be read ({error}): upgrade this reader, or find its writer"
            ) from error
        partition.load(self.point, self.done, sum(map(len, self.chunks)))


class SnapshotSearch:
    """Looks for the newest snapshot that counts among the records of a log, read from anywhere on.

    An owner writes the end of a snapshot when it knows its chunks to be settled. Only that last
    record can lie behind a fence that the owner had yet to read: then it does not count.
    """

    def __init__(self) -> None:
        self.found: Snapshot | None = None
        self._writer: tuple[int, bytes] | None = None
        self._chunks: list[bytes] = []

    def take(self, header: Header) -> None:
        """Look at the next record."""
        writer = (header.point.epoch, header.point.owner)
        match header.control:
            case Fence() if self._writer is not None and writer[0] > self._writer[0]:
                self._writer = None
            case SnapshotChunk(number, state):
                self._take_chunk(writer, number, state)
            case SnapshotDone() as done if self._is_whole(writer, done):
                point = FencePoint(*writer, done.seq)
                self.found = Snapshot(point, done, tuple(self._chunks))
                self._writer = None

    def _take_chunk(self, writer: tuple[int, bytes], number: int, state: bytes) -> None:
        if number == 0:
            self._writer, self._chunks = writer, [state]
        elif writer == self._writer and number == len(self._chunks):
            self._chunks.append(state)

    def _is_whole(self, writer: tuple[int, bytes], done: SnapshotDone) -> bool:
        return writer == self._writer and done.chunks == len(self._chunks)


@dataclass(slots=True)
class _Begun:
    """A snapshot of which something is still to be written."""

    partition: int
    chunks: Iterator[bytes]
    done: SnapshotDone
    written: int = 0
    rests: bool = False
    """Whether the partition's own work comes before the next chunk."""


class SnapshotTaker:
    """Writes the state of owned partitions into their logs, one partition at a time."""

    def __init__(self, codec: StateCodec[Any], every: int = SNAPSHOT_EVERY) -> None:
        """Take none yet.

        Args:
            codec: Wire form of the state.
            every: Records from one snapshot to the next.
        """
        self._codec = codec
        self._every = every
        self._begun: _Begun | None = None

    def step(self, partition: Partition[Any, Any], reading: Reading, send: Send) -> bool:
        """Write what is next, if it is this partition's turn; tell whether a record was sent.

        Args:
            partition: One that may write: its state is the fold of what is settled.
            reading: Clocks, now.
            send: Appends a record.
        """
        begun = self._begun
        if begun is None:
            if not partition.wants_snapshot(self._every):
                return False
            begun = self._begun = self._begin(partition)
        if begun.partition != partition.number:
            return False
        begun.rests = not begun.rests
        if not begun.rests:
            return False
        chunk = next(begun.chunks, None)
        if chunk is None:
            self._begun = None
            partition.write_control(replace(begun.done, chunks=begun.written), reading, send)
        else:
            partition.write_control(SnapshotChunk(begun.written, chunk), reading, send)
            begun.written += 1
        return True

    def drop(self, number: int) -> None:
        """Give up what was begun of a partition that was lost."""
        if self._begun is not None and self._begun.partition == number:
            self._begun = None

    def _begin(self, partition: Partition[Any, Any]) -> _Begun:
        chunks = iter(self._codec.chunks(partition.core))
        return _Begun(partition.number, chunks, partition.cover())

"""How much of a log its newest snapshot covers, and when the next one is due."""

from services.runtime.fenced_log.header import Header, SnapshotChunk, SnapshotDone

LOG_PER_SNAPSHOT = 2
"""So many times a snapshot's bytes does the log grow before the next: a large state, written again
and again, would otherwise outgrow what it saves."""


class Coverage:
    """Counts what has been written since the newest snapshot."""

    def __init__(self) -> None:
        self._covered = 0
        self._snapshot_bytes = 0
        self._since_bytes = 0
        self._chunk_bytes = 0

    def load(self, covered: int, snapshot_bytes: int) -> None:
        """Begin behind a snapshot."""
        self._covered, self._snapshot_bytes = covered, snapshot_bytes
        self._since_bytes = 0

    def count(self, header: Header, size: int) -> None:
        """Count an accepted record of so many bytes."""
        self._since_bytes += size
        match header.control:
            case SnapshotChunk(number):
                self._chunk_bytes = size if number == 0 else self._chunk_bytes + size
            case SnapshotDone(covered):
                self.load(covered, self._chunk_bytes)
            case _:
                pass

    def is_due(self, next_offset: int, every: int) -> bool:
        """Tell whether a snapshot is worth its room, `every` records behind the last at least."""
        return (
            next_offset - self._covered >= every
            and self._since_bytes >= LOG_PER_SNAPSHOT * self._snapshot_bytes
        )

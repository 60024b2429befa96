"""Where the fold of a partition begins: at the newest snapshot, or at the start of a short log."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from services.runtime.fenced_log.header import Header
from services.runtime.fenced_log.reader import check_version
from services.runtime.fenced_log.snapshot import Snapshot, SnapshotSearch
from services.runtime.log_port import START, Arrived, End, TopicPartition

_WIDER = 4
"""How many times wider the window becomes when it held no whole snapshot."""


@dataclass(slots=True)
class _Search:
    """One partition whose log is read from near its end, for a snapshot."""

    width: int
    end: int = 0
    """Where the log ended when the search began; 0 until that is known."""
    next: int = 0
    newest: SnapshotSearch = field(default_factory=SnapshotSearch)

    @property
    def start(self) -> int:
        return max(0, self.end - self.width)


class Loading:
    """Reads the tails of logs until each shows a snapshot, then says where to go on.

    A log no longer than the first window is read from its start: there is nothing to gain.
    """

    def __init__(self, seek: Callable[[TopicPartition, int], None], width: int) -> None:
        """Look at nothing yet.

        Args:
            seek: Reads a partition on from an offset.
            width: How many of the last records are looked at first.
        """
        self._seek = seek
        self._width = width
        self._searches: dict[TopicPartition, _Search] = {}

    @property
    def is_looking(self) -> bool:
        """Whether any partition is looked at."""
        return bool(self._searches)

    def __contains__(self, tp: TopicPartition) -> bool:
        return tp in self._searches

    def begin(self, tps: Iterable[TopicPartition]) -> None:
        """Look for where to begin; what is read of these is for `take` until then."""
        self._searches.update((tp, _Search(self._width)) for tp in tps)

    def take(self, arrived: Arrived, header: Callable[[bytes], Header]) -> None:
        """Look at a record of a partition that is looked at."""
        search = self._searches[(arrived.topic, arrived.partition)]
        if arrived.offset == search.next and search.end:
            search.next += 1
            search.newest.take(header(arrived.value))

    def found(
        self, ends: Mapping[TopicPartition, End]
    ) -> list[tuple[TopicPartition, Snapshot | None]]:
        """Return the partitions to begin with now, and from which snapshot; they are read on.

        Args:
            ends: The newest known end of each partition.

        Raises:
            ReaderTooOldError: A snapshot demands a newer reader; an older one would not do, as
                what follows it is of the same writer.
        """
        begin: list[tuple[TopicPartition, Snapshot | None]] = []
        for tp, search in list(self._searches.items()):
            if not search.end and tp in ends:
                search.end = ends[tp].offset
                self._look(tp, search)
            if tp in ends and search.next >= search.end:
                begin.extend(self._ended(tp, search))
        return begin

    def _look(self, tp: TopicPartition, search: _Search) -> None:
        search.newest = SnapshotSearch()
        search.next = search.start or search.end
        if search.start:
            self._seek(tp, search.start)

    def _ended(
        self, tp: TopicPartition, search: _Search
    ) -> Iterable[tuple[TopicPartition, Snapshot | None]]:
        snapshot = search.newest.found
        if snapshot is None and search.start:
            search.width *= _WIDER
            self._look(tp, search)
            if search.start:
                return
        if snapshot is not None:
            check_version(f"{tp[0]}/{tp[1]}", snapshot.done)
        del self._searches[tp]
        self._seek(tp, snapshot.done.covered if snapshot else START)
        yield tp, snapshot

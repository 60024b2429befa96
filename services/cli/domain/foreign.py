"""Follow foreign records: each became a contact, is dead, is unread, or is lost."""

from collections import Counter
from collections.abc import Iterator

from services.cli.domain.places import Fate, Foreign, Place

_CONTACT = 1
_DEAD = 2
_DROPPED = 3
_REQUEUED = 4
_MARKS = {Fate.WAITS: _DEAD, Fate.DROPPED: _DROPPED, Fate.REQUEUED: _REQUEUED}


class ForeignLedger:
    """Marks one byte per foreign record that is still kept."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Foreign, bytearray]] = {}

    def kept(self, foreign: Foreign) -> None:
        """Note what a partition of the intake log holds; comes before the marks."""
        self._kept[foreign.partition] = (foreign, bytearray(foreign.end - foreign.start))

    def became_contact(self, partition: int, offset: int) -> None:
        """Mark a record that a contact names as its source."""
        self._mark(partition, offset, _CONTACT)

    def became_dead(self, partition: int, offset: int, fate: Fate = Fate.WAITS) -> None:
        """Mark a record that a dead letter names; one sent again counts where its copy is."""
        self._mark(partition, offset, _MARKS[fate])

    def count(self) -> Counter[Place]:
        """Count the records that are in no contact, by place."""
        places: Counter[Place] = Counter()
        for foreign, marks in self._kept.values():
            done = max(0, foreign.done - foreign.start)
            places[Place.DEAD] += marks.count(_DEAD)
            if dropped := marks.count(_DROPPED):
                places[Place.DROPPED] += dropped
            places[Place.UNREAD] += marks.count(0, done)
            places[Place.NOWHERE] += marks.count(0, 0, done)
        return places

    def ends(self) -> dict[int, int]:
        """Return the end of each partition."""
        return {partition: foreign.end for partition, (foreign, _) in self._kept.items()}

    def records(self) -> int:
        """Return how many foreign records are kept."""
        return sum(len(marks) for _, marks in self._kept.values())

    def lost(self) -> Iterator[str]:
        """Name each record that intake has passed without a trace."""
        for foreign, marks in self._kept.values():
            done = max(0, foreign.done - foreign.start)
            at = marks.find(0, 0, done)
            while at >= 0:
                yield f"intake/{foreign.partition}@{foreign.start + at}"
                at = marks.find(0, at + 1, done)

    def _mark(self, partition: int, offset: int, mark: int) -> None:
        if partition not in self._kept:
            return
        foreign, marks = self._kept[partition]
        if foreign.start <= offset < foreign.end:
            # A contact outweighs a dead letter of the same record: it is served.
            place = offset - foreign.start
            marks[place] = _CONTACT if marks[place] == _CONTACT else mark

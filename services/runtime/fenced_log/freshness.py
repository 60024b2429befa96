"""How new what is known of the orders is (rule 2.3)."""

from collections.abc import Mapping, Sequence

from services.runtime.clock import Clock
from services.runtime.log_port import End, LogReader, TopicPartition

FRESH_MS = 5_000


class Freshness:
    """Judges topics of one partition each, that are read whole."""

    def __init__(self, reader: LogReader, clock: Clock, topics: Sequence[str]) -> None:
        """Nothing is fresh yet, unless there are no topics."""
        self.fresh = not topics
        """Whether all topics were, when this was last looked at."""
        self._reader = reader
        self._clock = clock
        self._topics = topics
        self._ends: Mapping[TopicPartition, End] = {}
        self._read_to_ms: dict[str, int] = {}
        """When the newest end that was reached was asked for."""

    def look(self, ends: Mapping[TopicPartition, End]) -> None:
        """Judge anew, by the newest known ends."""
        self._ends = ends
        self.fresh = all(map(self._is_fresh, self._topics))

    def stale(self) -> list[str]:
        """Name the topics that are not fresh now."""
        return [topic for topic in self._topics if not self._is_fresh(topic)]

    def _is_fresh(self, topic: str) -> bool:
        """Judge one. An end that is known before its record is here undoes nothing.

        Orders come in bulk: if it did, each of them would stop all decisions for a tenth of a
        second.
        """
        end = self._ends.get((topic, 0))
        if end is not None and self._reader.at_end((topic, 0), FRESH_MS):
            self._read_to_ms[topic] = end.asked_at_ms
        read_to_ms = self._read_to_ms.get(topic)
        return read_to_ms is not None and self._clock.monotonic_ms() - read_to_ms <= FRESH_MS

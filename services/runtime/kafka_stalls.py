"""Partitions of which librdkafka fetches nothing although there is something to fetch.

Seen after a broker had stood still for seconds: one partition of many was not fetched any more, for
as long as it took until something else was assigned. A consumer that is told to read it anew does.
"""

from collections.abc import Collection, Mapping

from services.runtime.log_port import End
from services.runtime.log_port import TopicPartition as Tp

STALLED_MS = 2_000
"""So long may nothing come of a partition whose end lies ahead."""
_ANSWERED_MS = 1_000
"""So new must that end be: a leader that does not answer gives no records either."""
_WAIT_MAX_MS = 60_000


class KafkaStalls:
    """Judges by what was returned and by the ends; each time it doubles what it waits for."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._moved_ms: dict[Tp, int] = {}
        self._waits_ms: dict[Tp, int] = {}

    def moved(self, tp: Tp, now_ms: int) -> None:
        """Note that something came of a partition."""
        self._moved_ms[tp] = now_ms
        self._waits_ms.pop(tp, None)

    def look(
        self, following: Mapping[Tp, int], ends: Mapping[Tp, End], idle: Collection[Tp], now_ms: int
    ) -> list[Tp]:
        """Return the partitions that stand still, each once in a while.

        Args:
            following: Next offset of each partition that is read.
            ends: Newest known ends.
            idle: Partitions of which nothing is to come.
            now_ms: Monotonic time.
        """
        for tp in self._moved_ms.keys() - following.keys():
            del self._moved_ms[tp]
            self._waits_ms.pop(tp, None)
        found = []
        for tp, offset in following.items():
            wait_ms = self._waits_ms.get(tp, STALLED_MS)
            if tp in idle or not _has_more(offset, ends.get(tp), now_ms):
                self._moved_ms[tp] = now_ms
            elif now_ms - self._moved_ms.setdefault(tp, now_ms) >= wait_ms:
                self._moved_ms[tp] = now_ms
                self._waits_ms[tp] = min(_WAIT_MAX_MS, 2 * wait_ms)
                found.append(tp)
        return found


def _has_more(offset: int, end: End | None, now_ms: int) -> bool:
    if end is None or now_ms - end.asked_at_ms > _ANSWERED_MS:
        return False
    return max(offset, 0) < end.offset  # `START` is a number below 0

"""Partitions of which a consumer gives nothing although there is something to read.

Twice a decider stood still after its broker had, for as long as it took until something else
happened to it. What held it up is not known; this looks for the one cause that a reader can see.
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
    """Judges by the next offsets and the ends; each time it doubles what it waits for."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._stands: dict[Tp, tuple[int, int]] = {}
        """Next offset of each partition, and since when it, or what was done about it, stands."""
        self._waits_ms: dict[Tp, int] = {}

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
        for tp in self._stands.keys() - following.keys():
            del self._stands[tp]
            self._waits_ms.pop(tp, None)
        found = []
        for tp, offset in following.items():
            before, since_ms = self._stands.get(tp, (offset, now_ms))
            if offset != before:
                self._waits_ms.pop(tp, None)
            wait_ms = self._waits_ms.get(tp, STALLED_MS)
            if offset != before or tp in idle or not _has_more(offset, ends.get(tp), now_ms):
                since_ms = now_ms
            elif now_ms - since_ms >= wait_ms:
                since_ms = now_ms
                self._waits_ms[tp] = min(_WAIT_MAX_MS, 2 * wait_ms)
                found.append(tp)
            self._stands[tp] = (offset, since_ms)
        return found


def _has_more(offset: int, end: End | None, now_ms: int) -> bool:
    if end is None or now_ms - end.asked_at_ms > _ANSWERED_MS:
        return False
    return max(offset, 0) < end.offset  # `START` is a number below 0

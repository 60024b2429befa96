"""Partitions of which a consumer gives nothing although there is something to read.

librdkafka (2.16) can leave a partition with nobody who fetches it, for good. Told of another
leader, or of none, and right behind that of the same leader as before, it calls the second no
change, as the first has yet to be carried out (its pull request 5593; see also its issues 5401 and
5430). Leaders that move to and fro bring it about, and a broker that stands still for longer than
its session: that is fenced, and for a moment its partitions have no leader.

Neither to ask for leaders again nor to seek helps, a new client does.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from services.runtime.errors import PromiseBrokenError
from services.runtime.log_port import START, End
from services.runtime.log_port import TopicPartition as Tp

STALLED_MS = 2_000
"""So long may nothing come of a partition whose end lies ahead."""
GIVEN_UP_MS = 10_000
"""After that, reading anew has not helped either: another process may do better."""
_ANSWERED_MS = 1_000
"""So new must that end be: a leader that does not answer gives no records either."""
_WAIT_MAX_MS = 60_000


@dataclass(slots=True)
class _Stand:
    """A partition's next offset, and since when it is that with something to read ahead."""

    offset: int
    since_ms: int
    named_ms: int
    """When it was named last, or since when it stands."""
    wait_ms: int = STALLED_MS
    """How long from then until it is named again."""


class KafkaStalls:
    """Judges by the next offsets and the ends; each time it doubles what it waits for."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._stands: dict[Tp, _Stand] = {}

    def look(
        self, following: Mapping[Tp, int], ends: Mapping[Tp, End], idle: Collection[Tp], now_ms: int
    ) -> list[Tp]:
        """Return the partitions that stand still, each once in a while.

        Args:
            following: Next offset of each partition that is read.
            ends: Newest known ends.
            idle: Partitions of which nothing is to come, or was to be handed out yet.
            now_ms: Monotonic time.

        Raises:
            PromiseBrokenError: One has stood still for too long. Of one that is read from its
                start nobody can tell: its records may all be gone.
        """
        for tp in self._stands.keys() - following.keys():
            del self._stands[tp]
        found = []
        for tp, offset in following.items():
            stand = self._stands.get(tp)
            has_more = tp not in idle and _has_more(offset, ends.get(tp), now_ms)
            if stand is None or stand.offset != offset or not has_more:
                self._stands[tp] = _Stand(offset, now_ms, now_ms)
                continue
            if offset != START and now_ms - stand.since_ms >= GIVEN_UP_MS:
                raise PromiseBrokenError(
                    f"{tp[0]}/{tp[1]}: nothing comes from offset {offset} on, though the end is "
                    f"{ends[tp].offset}, nor did it when it was read anew: start this process again"
                )
            if now_ms - stand.named_ms >= stand.wait_ms:
                stand.named_ms = now_ms
                stand.wait_ms = min(_WAIT_MAX_MS, 2 * stand.wait_ms)
                found.append(tp)
        return found


def _has_more(offset: int, end: End | None, now_ms: int) -> bool:
    if end is None or now_ms - end.asked_at_ms > _ANSWERED_MS:
        return False
    return max(offset, 0) < end.offset  # `START` is a number below 0

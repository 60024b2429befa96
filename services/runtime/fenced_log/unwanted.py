"""What share of a fenced log's entries its readers do not want now (rule 1.13).

It rises by a step with each request and falls with time, so that it settles where what is written
is just what can be read (additive increase, additive decrease).
"""

from collections.abc import Mapping
from types import MappingProxyType

from services.runtime.fenced_log.wishes import WriteLess

STEP = 0.15
"""What a request adds."""
SHARE_MAX = 0.95
"""Something is always written: whether a reader has recovered is seen by what it reads."""
FALL_PER_S = 0.1
_NOTHING: Mapping[int, float] = MappingProxyType({})


class Unwanted:
    """What share of the entries for each partition of readers is not wanted now.

    Times are those that records are stamped with.
    """

    def __init__(self) -> None:
        self._asked: dict[int, tuple[float, int]] = {}
        """By partition, the share at the last request, and when that was."""

    def asked(self, wish: WriteLess, at_ms: int) -> None:
        """Note a request."""
        share = min(SHARE_MAX, self._share(wish.partition, at_ms) + STEP)
        self._asked[wish.partition] = (share, at_ms)

    def shares(self, now_ms: int) -> Mapping[int, float]:
        """Return the share by partition, from 0 to 1; none for those that want everything."""
        if not self._asked:
            return _NOTHING
        shares = {number: self._share(number, now_ms) for number in self._asked}
        for number, share in shares.items():
            if not share:
                del self._asked[number]
        return {number: share for number, share in shares.items() if share}

    def _share(self, partition: int, now_ms: int) -> float:
        share, at_ms = self._asked.get(partition, (0.0, now_ms))
        return max(0.0, share - FALL_PER_S * max(0, now_ms - at_ms) / 1_000)

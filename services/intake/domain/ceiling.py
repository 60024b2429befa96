"""How many dead letters are still somebody's mistake, and from when on they are a fault of ours.

A producer that changed its format would turn all of its contacts into dead letters, one by one
and without a word. Past the ceiling intake stops instead, and the records stay unread.
"""

from collections import deque
from collections.abc import Iterable


class Ceiling:
    """Watches the share of dead letters among the newest records."""

    def __init__(self, share_max: float, window: int, records_min: int) -> None:
        """Start with nothing seen.

        Args:
            share_max: Highest share that is borne, 0 to 1.
            window: Newest records looked at.
            records_min: Records seen before anything is said.
        """
        self._share_max = share_max
        self._newest: deque[bool] = deque(maxlen=window)
        self._records_min = records_min

    def take(self, dead: Iterable[bool]) -> str | None:
        """Take records into account; return what is wrong once there are too many dead ones."""
        self._newest.extend(dead)
        seen, count = len(self._newest), sum(self._newest)
        if seen < self._records_min or count <= self._share_max * seen:
            return None
        return (
            f"{count} of the last {seen} records are dead letters: look at them with "
            "`seatline dead list`, mend the producer or raise SEATLINE_DEAD_SHARE_MAX, start again"
        )

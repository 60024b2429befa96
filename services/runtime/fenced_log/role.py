"""What a slot is to a partition, and what it has under way there."""

import enum
from collections.abc import Callable
from dataclasses import dataclass

from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.header import Header
from services.runtime.log_port import SendError, Sent

ACK_LIMIT_MS = 15_000
CLOCK_LIMIT_MS = 1_000


class Role(enum.Enum):
    """What this slot is to the partition."""

    FOLLOWING = "following"
    CLAIMING = "claiming"
    FENCING = "fencing"
    OWNING = "owning"


@dataclass(frozen=True, slots=True)
class Reading:
    """Clocks at the moment of a read."""

    mono_ms: int
    wall_ms: int


@dataclass(slots=True)
class Sending:
    """The one record under way."""

    header: Header
    size: int
    since_ms: int
    wall_ms: int

    def check_clock(self, name: str, appended_ms: int, reading: Reading) -> None:
        """Stop when this process's clock is not the broker's (rule 1.10).

        Args:
            name: Partition, for the message.
            appended_ms: Append time of this record.
            reading: Clocks as it was read back.

        Raises:
            PromiseBrokenError: It was appended before it was sent, or after it was read.
        """
        earliest_ms, latest_ms = self.wall_ms - CLOCK_LIMIT_MS, reading.wall_ms + CLOCK_LIMIT_MS
        if not earliest_ms <= appended_ms <= latest_ms:
            raise PromiseBrokenError(
                f"{name}: this clock is more than {CLOCK_LIMIT_MS} ms from the broker's: "
                "correct the clock (rule 1.10)"
            )

    def check_age(self, name: str, mono_ms: int, *, at_end: bool) -> None:
        """Stop when this record did not come back in time; see `Partition.check_sending`."""
        limit_ms = ACK_LIMIT_MS if at_end else 2 * ACK_LIMIT_MS
        if mono_ms - self.since_ms > limit_ms:
            raise PromiseBrokenError(
                f"{name}: a record was not read back within {limit_ms} ms (rule 1.10)"
            )


Send = Callable[[bytes, Callable[[Sent | SendError, Reading], None]], None]
"""Appends a record; what became of it is told later, with the clocks of that moment."""

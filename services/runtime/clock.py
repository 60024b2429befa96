"""The only place where a process reads a clock."""

import time
from typing import Protocol


class Clock(Protocol):
    """What time it is here. Nothing is decided by wall time: it is for logs and journals."""

    def monotonic_ms(self) -> int:
        """Return milliseconds that only rise, from an arbitrary start."""

    def wall_ms(self) -> int:
        """Return milliseconds since the Unix epoch; may be stepped."""


class SystemClock:
    """The clocks of the operating system."""

    def monotonic_ms(self) -> int:
        """Return CLOCK_MONOTONIC in milliseconds."""
        return time.monotonic_ns() // 1_000_000

    def wall_ms(self) -> int:
        """Return the wall clock in milliseconds since the Unix epoch."""
        return time.time_ns() // 1_000_000

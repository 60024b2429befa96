"""The simulator's own clocks: latencies need microseconds, the runtime's clock has milliseconds."""

import time


class SystemTicks:
    """The clocks of the operating system."""

    def now_ms(self) -> float:
        """Return CLOCK_MONOTONIC in milliseconds, to the microsecond."""
        return time.monotonic_ns() / 1_000_000  # noqa: TID251

    def wall_ms(self) -> int:
        """Return the wall clock in milliseconds since the Unix epoch."""
        return time.time_ns() // 1_000_000  # noqa: TID251

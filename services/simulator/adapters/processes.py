"""What the stack's processes cost: memory at its peak, CPU since the sampling began."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping

import psutil

SAMPLE_EVERY_S = 5.0
"""A look at Postgres adds up the pages of each of its processes: some ten milliseconds."""
_MB = 1024 * 1024
_TREES = ("postgres",)
"""Processes whose work their children do. Their memory is counted by share (PSS), since what they
share would otherwise be counted once for each."""
_SIMULATOR = "simulator"


class Costs:
    """Follows processes by name, across restarts."""

    def __init__(self, pids: Callable[[], Mapping[str, int]]) -> None:
        """Begin at zero.

        Args:
            pids: Gives the pid of each name, anew at each sample.
        """
        self._pids = pids
        self._peak_mb: defaultdict[str, float] = defaultdict(float)
        self._cpu_s: dict[tuple[str, int], tuple[float, float]] = {}
        """First and last reading by name and pid."""

    async def follow(self) -> None:
        """Sample until cancelled, away from the event loop; once more at the end."""
        try:
            while True:
                await asyncio.to_thread(self.sample)
                await asyncio.sleep(SAMPLE_EVERY_S)
        finally:
            self.sample()

    def sample(self) -> None:
        """Read every process once; one that is gone is left out."""
        for name, pid in {**self._pids(), _SIMULATOR: psutil.Process().pid}.items():
            try:
                mb = self._read(name, psutil.Process(pid))
            except psutil.Error:
                continue
            self._peak_mb[name] = max(self._peak_mb[name], mb)

    @property
    def rss_mb(self) -> dict[str, float]:
        """Peak memory by name."""
        return {name: round(mb, 1) for name, mb in sorted(self._peak_mb.items())}

    @property
    def cpu_s(self) -> dict[str, float]:
        """CPU seconds by name, since the first sample."""
        total: dict[str, float] = {}
        for (name, _), (first, last) in sorted(self._cpu_s.items()):
            total[name] = round(total.get(name, 0.0) + last - first, 2)
        return total

    def _read(self, name: str, process: psutil.Process) -> float:
        family = [process]
        if name in _TREES:
            family += process.children(recursive=True)
        mb = 0.0
        for member in family:
            mb += self._read_one(name, member)
        return mb

    def _read_one(self, name: str, process: psutil.Process) -> float:
        try:
            with process.oneshot():
                times = process.cpu_times()
                used_s = times.user + times.system
                first, _ = self._cpu_s.get((name, process.pid), (used_s, used_s))
                self._cpu_s[name, process.pid] = (first, used_s)
                if name in _TREES:
                    return float(process.memory_full_info().pss / _MB)
                return float(process.memory_info().rss / _MB)
        except psutil.NoSuchProcess:
            return 0.0  # a database connection that has just ended

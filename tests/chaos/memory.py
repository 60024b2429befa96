"""How the memory of each process grows while a stack runs."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import psutil
from typing_extensions import override

from tests.chaos.watching import Watch

SAMPLE_EVERY_S = 5.0
GROWN_UP_S = 300.0
"""Before that a process fills what it will keep, also one that was started again in between."""
LEAST_S = 600.0
"""In a shorter time what grows and what fills look the same."""
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """Memory of one life of a process."""

    at_s: float
    pid: int
    age_s: float
    mb: float


def growth_mb_per_min(samples: Iterable[Sample]) -> float | None:
    """Return by how much a process grows in a minute, or nothing if it was watched too briefly.

    The slope of all its lives together, each about its own mean: being started again is no growth
    and no shrinking.
    """
    lives: defaultdict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.age_s >= GROWN_UP_S:
            lives[sample.pid].append(sample)
    watched_s = sum(life[-1].at_s - life[0].at_s for life in lives.values())
    if watched_s < LEAST_S:
        return None
    above = below = 0.0
    for life in lives.values():
        mean_s = sum(sample.at_s for sample in life) / len(life)
        mean_mb = sum(sample.mb for sample in life) / len(life)
        above += sum((sample.at_s - mean_s) * (sample.mb - mean_mb) for sample in life)
        below += sum((sample.at_s - mean_s) ** 2 for sample in life)
    return round(above / below * 60.0, 3)


class MemoryWatch(Watch):
    """Looks at every process now and then."""

    def __init__(self, pids: Callable[[], Mapping[str, int]]) -> None:
        super().__init__("memory")
        self._pids = pids
        self._samples: defaultdict[str, list[Sample]] = defaultdict(list)

    @override
    def work(self) -> None:
        began_s = time.monotonic()
        while not self._stop.wait(SAMPLE_EVERY_S):
            for name, pid in self._pids().items():
                try:
                    sample = _look(name, pid, time.monotonic() - began_s)
                except psutil.Error:
                    continue  # it has ended, and the next one is seen next time
                self._samples[name].append(sample)

    def growth(self) -> dict[str, float | None]:
        """Return megabytes a minute by process."""
        return {name: growth_mb_per_min(each) for name, each in sorted(self._samples.items())}

    def peaks(self) -> dict[str, float]:
        """Return the most megabytes of each process."""
        return {
            name: round(max(sample.mb for sample in each), 1)
            for name, each in sorted(self._samples.items())
        }


def _look(name: str, pid: int, at_s: float) -> Sample:
    process = psutil.Process(pid)
    if name == "postgres":
        # What its processes share is counted once.
        family = [process, *process.children(recursive=True)]
        mb = sum(member.memory_full_info().pss for member in family) / _MB
    else:
        mb = process.memory_info().rss / _MB
    return Sample(at_s, pid, time.time() - process.create_time(), mb)

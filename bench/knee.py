"""What a knee is, and how it is searched: the same for ours, for its limit and for its peer."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

OFFER_P99_MS = 100.0
RATE_SHARE = 0.95
TRIES_MAX = 5
"""Loads that are tried at most; three are enough when the first is within a step of the knee."""
WARM_UP_S = 6.0
"""Of each try: most first calls of AHT 5 s are over by then, so that outcomes come, too."""
MEASURED_S = 8.0
_STEP = 1.5
"""The middle of a step is within `_APART` of both its ends: one more try settles it."""
_APART = 0.2


@dataclass(slots=True)
class Search:
    """Takes steps until one load held and the next did not, then halves the gap by ratio."""

    load: float
    """To try next."""
    held: float = 0.0
    """Highest load that held; 0 before any did."""
    missed: float | None = None
    """Lowest load that did not hold."""
    tries: int = TRIES_MAX
    """Left."""

    def note(self, *, held: bool) -> None:
        """Take what came of the load."""
        if held:
            self.held = self.load
        else:
            self.missed = self.load
        self.tries -= 1
        self.load = rounded(self._next())

    @property
    def found(self) -> bool:
        """Tell whether the two loads around the knee are within a fifth of the upper one."""
        return self.missed is not None and self.missed - self.held <= _APART * self.missed

    @property
    def over(self) -> bool:
        """Tell whether nothing more is to be tried."""
        return self.found or self.tries == 0

    def _next(self) -> float:
        if self.missed is None:
            return self.held * _STEP
        return math.sqrt(self.held * self.missed) if self.held else self.missed / _STEP


def highest(holds: Callable[[float], bool], start: float) -> Search:
    """Search the highest load that holds, by few tries.

    Args:
        holds: Tries a load; monotone but for noise.
        start: First load to try.
    """
    search = Search(start)
    while not search.over:
        search.note(held=holds(search.load))
    return search


def rounded(load: float) -> float:
    """Return a load that can be read: more than three digits are noise."""
    return float(f"{load:.3g}")


def holds(result: Mapping[str, Any], rate_per_s: float) -> bool:
    """Tell whether a run's offers came in time, and as many as contacts did."""
    offers = result["offer_ms"]
    kept_up = result["offers_per_second"] >= RATE_SHARE * rate_per_s
    return bool(kept_up and offers["n"] > 0 and offers["p99"] <= OFFER_P99_MS)

"""What a knee is, and how it is searched: the same for ours and for its peer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OFFER_P99_MS = 100.0
RATE_SHARE = 0.95


@dataclass(slots=True)
class Search:
    """Doubles the load until one does not hold, then halves the gap."""

    load: float
    """To try next."""
    held: float = 0.0
    """Highest load that held; 0 before any did."""
    missed: float | None = None
    """Lowest load that did not hold."""

    def note(self, *, held: bool) -> None:
        """Take what came of the load."""
        if held:
            self.held = self.load
        else:
            self.missed = self.load
        self.load = 2 * self.held if self.missed is None else (self.held + self.missed) / 2

    def is_within(self, share: float) -> bool:
        """Tell whether the two loads around the knee are that close, as a share of the upper."""
        return self.missed is not None and self.missed - self.held <= share * self.missed


def holds(result: Mapping[str, Any], rate_per_s: float) -> bool:
    """Tell whether a run's offers came in time, and as many as contacts did."""
    offers = result["offer_ms"]
    kept_up = result["offers_per_second"] >= RATE_SHARE * rate_per_s
    return bool(kept_up and offers["n"] > 0 and offers["p99"] <= OFFER_P99_MS)

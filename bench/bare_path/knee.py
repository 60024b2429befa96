"""The knee of the bare path, by the search that ours is found by."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench import knee

Tried = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to."""

    search: knee.Search
    runs: dict[float, Tried]
    """All that was tried, by its load."""

    @property
    def best(self) -> Tried:
        """The run at the highest load that held; an empty one without any."""
        return self.runs.get(self.search.held, {})

    def as_json(self) -> dict[str, Any]:
        """Return the knee, the run at it, and the ends of what was tried."""
        return {
            **self.best,
            "ok": all(run["ok"] for run in self.runs.values()),
            "knee_per_second": self.search.held,
            "runs": [
                {"rate": load, "p99": run["offer_ms"]["p99"]} for load, run in self.runs.items()
            ],
        }


def find(try_load: Callable[[float], Tried], start: float) -> Found:
    """Search the highest load that holds.

    Args:
        try_load: Runs a load, contacts a second.
        start: First load to try.
    """
    runs: dict[float, Tried] = {}

    def holds(load: float) -> bool:
        runs[load] = try_load(load)
        return knee.holds(runs[load], load)

    return Found(knee.highest(holds, start), runs)

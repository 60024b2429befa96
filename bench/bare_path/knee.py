"""The knee of the bare path, by the search that ours is found by."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench import knee

Tried = dict[str, Any]


@dataclass(slots=True)
class Found:
    """What a search came to."""

    search: knee.Search
    runs: list[Tried] = field(default_factory=list)

    @property
    def best(self) -> Tried:
        """The run at the highest load that held; an empty one without any."""
        return next((run for run in self.runs if run["rate"] == self.search.held), {})

    def as_json(self) -> dict[str, Any]:
        """Return the knee, the run at it, and all that was tried."""
        return {
            **self.best,
            "ok": all(run["ok"] for run in self.runs),
            "knee_per_second": self.search.held,
            "runs": [{"rate": run["rate"], "p99": run["offer_ms"]["p99"]} for run in self.runs],
        }


def search(try_load: Callable[[float], Tried], start: float) -> Found:
    """Search the highest load that holds.

    Args:
        try_load: Runs a load, contacts a second.
        start: First load to try.
    """
    found = Found(knee.Search(knee.rounded(start)))
    while not found.search.over:
        load = found.search.load
        result = try_load(load)
        found.runs.append(result)
        found.search.note(held=knee.holds(result, load))
    return found

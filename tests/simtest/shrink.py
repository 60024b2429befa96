"""Make a failing plan smaller while it breaks the same promise."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.simtest.deciders import Doubles
from tests.simtest.plan import Plan
from tests.simtest.run import Outcome, run

RUNS_MAX = 120


class Shrinker:
    """Leaves out faults first, then orders, then contacts; keeps what still fails alike."""

    def __init__(
        self, secrets: Path, doubles: Doubles | None = None, runs_max: int = RUNS_MAX
    ) -> None:
        self.runs = 0
        self._secrets = secrets
        self._doubles = doubles
        self._runs_max = runs_max

    def shrink(self, plan: Plan, failed: Outcome) -> tuple[Plan, Outcome]:
        """Return the smallest plan found, and its outcome with the story."""
        invariant = failed.broken.invariant if failed.broken else ""

        for name in ("faults", "orders", "contacts"):
            kept = self._fewer(plan, name, invariant)
            plan = _with(plan, name, kept)
        return plan, run(plan, self._secrets, self._doubles, told=True)

    def _fails(self, plan: Plan, invariant: str) -> bool:
        self.runs += 1
        broken = run(plan, self._secrets, self._doubles).broken
        return broken is not None and broken.invariant == invariant

    def _fewer(self, plan: Plan, name: str, invariant: str) -> Sequence[Any]:
        """Leave out halves, then quarters, then one by one."""
        items: Sequence[Any] = getattr(plan, name)
        size = max(1, len(items) // 2)
        while items:
            at = 0
            while at < len(items) and self.runs < self._runs_max:
                without = [*items[:at], *items[at + size :]]
                if self._fails(_with(plan, name, without), invariant):
                    items = without
                else:
                    at += size
            if size == 1 or self.runs >= self._runs_max:
                break
            size //= 2
        return items


def _with(plan: Plan, name: str, items: Sequence[Any]) -> Plan:
    fewer: dict[str, Any] = {name: tuple(items)}
    return replace(plan, **fewer)

"""`python -m tests.simtest --seed 1 --seeds 1000`: run seeds, tell what broke and what was hit."""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.runtime.command_line import (
    COULD_NOT_RUN,
    HELD,
    VIOLATED,
    answer,
    say,
)
from tests.simtest.plan import ALL_KINDS, plan_of
from tests.simtest.points import POINTS_TO_HIT
from tests.simtest.run import Outcome, run
from tests.simtest.shrink import Shrinker

STEPS_PER_MINUTE_BAR = 500_000
HIT_ALL_FROM = 1_000
"""With so many seeds every kind of fault and every point must have been hit."""
SHRUNK_MAX = 3
"""Failing seeds that are made smaller; the others are only named."""
_PROGRESS_EVERY_S = 5.0


@dataclass
class Totals:
    """What all seeds together were."""

    seeds: int = 0
    steps: int = 0
    contacts: int = 0
    loads: int = 0
    faults: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(ALL_KINDS, 0)))
    points: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(POINTS_TO_HIT, 0)))
    failed: list[int] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count one seed."""
        self.seeds += 1
        self.steps += outcome.steps
        self.contacts += outcome.contacts
        self.loads += outcome.loads
        self.faults.update(outcome.faults)
        self.points.update(outcome.points)
        if not outcome.ok:
            self.failed.append(outcome.seed)

    def summary(self, seconds: float) -> dict[str, Any]:
        """Return the keys of `docs/interfaces.md`."""
        per_minute = round(self.steps / max(seconds, 0.001) * 60)
        missed = []
        if per_minute < STEPS_PER_MINUTE_BAR:
            missed.append(f"steps_per_minute {per_minute} < {STEPS_PER_MINUTE_BAR}")
        if self.seeds >= HIT_ALL_FROM:
            never = [name for name in (*ALL_KINDS, *POINTS_TO_HIT) if not self._hits(name)]
            missed += [f"never hit: {name}" for name in never]
            missed += [] if self.loads else ["no fold began at a snapshot"]
        return {
            "ok": not self.failed,
            "bars_missed": missed,
            "seeds": self.seeds,
            "steps": self.steps,
            "steps_per_minute": per_minute,
            "seconds": round(seconds, 1),
            "contacts": self.contacts,
            "snapshots_loaded": self.loads,
            "faults_by_kind": dict(sorted(self.faults.items())),
            "awaits_hit": dict(sorted(self.points.items())),
            "failed": self.failed,
        }

    def _hits(self, name: str) -> int:
        return self.faults.get(name, 0) + self.points.get(name, 0)


def main(arguments: Sequence[str]) -> int:
    """Run the seeds that were asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="simtest")
    parser.add_argument("--seed", type=lambda text: _number("SEED", text, 0), required=True)
    parser.add_argument("--seeds", type=lambda text: _number("SEEDS", text, 1), required=True)
    asked = parser.parse_args(arguments)
    totals, began_s = Totals(), time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="simtest-") as folder:
            _run_all(range(asked.seed, asked.seed + asked.seeds), Path(folder), totals)
    except KeyboardInterrupt:
        say(f"simtest: interrupted after {totals.seeds} of {asked.seeds} seeds")
        return COULD_NOT_RUN
    answer(totals.summary(time.monotonic() - began_s))
    return VIOLATED if totals.failed else HELD


def _run_all(seeds: range, secrets: Path, totals: Totals) -> None:
    told_s = time.monotonic()
    for seed in seeds:
        outcome = run(plan_of(seed), secrets, told=len(seeds) == 1)
        totals.add(outcome)
        if not outcome.ok:
            _tell_failure(seed, outcome, secrets, shrunk=len(totals.failed) <= SHRUNK_MAX)
        elif len(seeds) == 1:
            say("\n".join(outcome.story))
        if time.monotonic() - told_s > _PROGRESS_EVERY_S:
            told_s = time.monotonic()
            say(
                f"simtest: {totals.seeds:,} of {len(seeds):,} seeds, {totals.steps:,} steps, "
                f"{len(totals.failed)} failed"
            )


def _tell_failure(seed: int, outcome: Outcome, secrets: Path, *, shrunk: bool) -> None:
    say(f"simtest: seed {seed} broke a promise: {outcome.broken}")
    if shrunk:
        plan, smaller = Shrinker(secrets).shrink(plan_of(seed), outcome)
        say(f"  with {len(plan.faults)} faults and {len(plan.contacts)} contacts, it goes:")
        say("\n".join(smaller.plot))
    say(f"  replay the whole of it: make simtest SEED={seed} SEEDS=1")


def _number(name: str, text: str, least: int) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise argparse.ArgumentTypeError(f"{name} is {text!r}: give a whole number from {least} on")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

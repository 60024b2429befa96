"""Each broken part is found, made small, and told."""

from pathlib import Path

import pytest

from tests.simtest.broken import BROKEN
from tests.simtest.plan import plan_of
from tests.simtest.run import Outcome, run
from tests.simtest.shrink import Shrinker

FOUND_BY = {
    "dial_by ignored": 25,
    "higher generation ignored": 42,
    "withdrawals ignored": 109,
    "equal-epoch loser accepted": 14,
    "fence ignored": 3,
    "digests unread": 6,
    "lease ignored": 1,
    "dedupe dropped": 1,
    "acknowledged before commit": 1,
    "recorder's fence dropped": 1,
}
"""The first seed, from 1 on, that finds each; after a change of the simulation another one may."""
SEEDS = 60
PROMISES = {
    "dial_by ignored": {"unsealed_late", "unsealed_after_end"},
    "higher generation ignored": {"unsealed_old_generation"},
    "withdrawals ignored": {"unsealed_withdrawn"},
    "digests unread": {"state_limit", "never_quiet"},
    "lease ignored": {"lease"},
    "dedupe dropped": {"routed_twice"},
    "acknowledged before commit": {"rows_differ"},
    "recorder's fence dropped": {"rows_differ"},
}
"""What is broken by it; a reader that believes too much may break anything."""


def first_failure(name: str, folder: Path) -> Outcome:
    for seed in range(FOUND_BY[name], FOUND_BY[name] + SEEDS):
        outcome = run(plan_of(seed), folder, BROKEN[name])
        if not outcome.ok:
            return outcome
    raise AssertionError(f"{name}: not found by {SEEDS} seeds from {FOUND_BY[name]} on")


def test_every_broken_part_is_looked_for() -> None:
    assert set(FOUND_BY) == set(BROKEN)


@pytest.mark.parametrize("name", sorted(FOUND_BY))
def test_a_broken_part_is_found(name: str, tmp_path: Path) -> None:
    broken = first_failure(name, tmp_path).broken
    assert broken is not None
    assert broken.invariant in PROMISES.get(name, {broken.invariant})


def test_a_failing_plan_is_made_smaller_and_told(tmp_path: Path) -> None:
    doubles = BROKEN["dedupe dropped"]
    failed = first_failure("dedupe dropped", tmp_path)
    assert failed.broken is not None
    plan = plan_of(failed.seed)
    smaller, told = Shrinker(tmp_path, doubles, runs_max=60).shrink(plan, failed)
    assert told.broken is not None
    assert told.broken.invariant == failed.broken.invariant
    assert len(smaller.contacts) < len(plan.contacts) // 4
    assert len(smaller.faults) < len(plan.faults)
    assert told.story[-1].endswith(f"BROKEN {told.broken}")
    assert any(" source sends " in line for line in told.story)

"""Each broken part is found, made small, and told."""

from pathlib import Path

import pytest

from tests.simtest.broken import BROKEN
from tests.simtest.plan import plan_of
from tests.simtest.run import Outcome, run
from tests.simtest.shrink import Shrinker

SEEDS = {
    "dedupe dropped": range(1, 6),
    "acknowledged before commit": range(1, 6),
}


def first_failure(name: str, folder: Path) -> Outcome:
    for seed in SEEDS[name]:
        outcome = run(plan_of(seed), folder, BROKEN[name])
        if not outcome.ok:
            return outcome
    raise AssertionError(f"{name}: not found in {SEEDS[name]}")


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_a_broken_part_is_found(name: str, tmp_path: Path) -> None:
    assert first_failure(name, tmp_path).broken is not None


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

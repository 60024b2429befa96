"""Two hundred seeds: whatever goes wrong in them, every promise is kept and every contact found."""

from collections import Counter
from pathlib import Path

import pytest

from tests.simtest.plan import plan_of
from tests.simtest.run import FAULTS_MIN, Outcome, run

SEEDS = 200
CHUNKS = 10
CONTACTS_MIN = 50
BROKE_ONCE = (2716, 4991)
"""Seeds beyond the two hundred that a defect, mended since, failed."""


def run_many(seeds: range, folder: Path) -> list[Outcome]:
    return [run(plan_of(seed), folder) for seed in seeds]


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_promise_is_kept(chunk: int, tmp_path: Path) -> None:
    size = SEEDS // CHUNKS
    outcomes = run_many(range(1 + chunk * size, 1 + (chunk + 1) * size), tmp_path)
    broken = [f"make simtest SEED={o.seed} SEEDS=1: {o.broken}" for o in outcomes if not o.ok]
    assert not broken
    assert sum(outcome.loads for outcome in outcomes) >= len(outcomes)
    for outcome in outcomes:
        assert outcome.contacts >= CONTACTS_MIN
        assert outcome.faults.total() >= FAULTS_MIN
        found = outcome.equation
        last = ("finished", "refused", "held", "returned")
        assert found["contacts"] == sum(found[place] for place in last)
        assert [found[wrong] for wrong in ("open", "lost", "doubled")] == [0, 0, 0]


@pytest.mark.parametrize("seed", BROKE_ONCE)
def test_a_seed_that_broke_a_promise_once_keeps_them(seed: int, tmp_path: Path) -> None:
    assert run(plan_of(seed), tmp_path).broken is None


def test_contacts_end_in_every_place(tmp_path: Path) -> None:
    where: Counter[str] = Counter()
    for outcome in run_many(range(1, 6), tmp_path):
        where.update(place.partition(":")[0] for place in outcome.where.elements())
    assert set(where) == {"ended", "returned", "held", "refused"}

"""Mutants age with the tree: each must still change one thing, and its suites must exist."""

from pathlib import Path

import pytest

from tests.mutants.patches import SUITES, Mutant, apply, read, read_all

ROOT = Path(__file__).parents[2]
PATCHES = ROOT / "tests" / "mutants"
WANTED = {
    "fence_check_dropped",
    "equal_epoch_loser_accepted",
    "seq_check_dropped",
    "settled_behind_something",
    "confirm_without_lease_check",
    "dial_by_ignored",
    "generation_ignored",
    "acknowledged_before_sent",
    "recorder_fence_dropped",
    "rows_after_their_position",
    "judged_by_now_while_behind",
    "dedupe_dropped",
}
"""The least that has to be noticed; snapshots follow when there are some."""


@pytest.mark.parametrize("path", sorted(PATCHES.glob("*.patch")), ids=lambda path: path.stem)
def test_a_mutant_applies_to_one_place_of_one_service(path: Path) -> None:
    mutant = read(path)
    apply(mutant, ROOT, only_check=True)
    (target,) = mutant.targets
    assert target.startswith("services/")
    assert mutant.hunks == 1


def test_the_rules_that_carry_the_promises_have_a_mutant_each() -> None:
    assert {mutant.name for mutant in read_all(PATCHES)} >= WANTED


def suites(mutant: Mutant) -> list[tuple[str, str]]:
    return [(kind, each) for kind in SUITES for each in mutant.suites.get(kind, ())]


@pytest.mark.parametrize("mutant", read_all(PATCHES), ids=lambda mutant: mutant.name)
def test_the_suites_that_a_mutant_names_are_there(mutant: Mutant) -> None:
    for kind, named in suites(mutant):
        if kind == "simulation":
            assert int(named) >= 1
        else:
            assert named.startswith(f"tests/{kind}/")
            assert (ROOT / named).is_file()

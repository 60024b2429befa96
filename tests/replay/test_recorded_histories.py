import json
from pathlib import Path
from typing import Any

import pytest

from tests.checker.check import check
from tests.checker.history import CannotCheckError
from tests.histories.__main__ import SIZE_MAX, require_rehearsal
from tests.histories.kept import kept, load
from tests.histories.state import digest_of
from tests.support.hash_seeds import told_under

HISTORIES = kept()
each_history = pytest.mark.parametrize("name", HISTORIES)


def stored(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(HISTORIES[name].with_name(f"{name}.json").read_text())
    return told


def test_a_quiet_run_and_one_with_deaths_are_kept_and_small() -> None:
    assert HISTORIES.keys() >= {"quiet", "deaths"}
    assert sum(path.stat().st_size for path in HISTORIES.values()) <= 2 * SIZE_MAX


@each_history
def test_a_kept_history_folds_into_the_same_state_as_when_it_was_kept(name: str) -> None:
    assert digest_of(load(HISTORIES[name])) == stored(name)["state"]


@each_history
def test_the_state_does_not_hang_on_the_hash_seed(name: str) -> None:
    told = told_under("4242", "-m", "tests.histories.state", str(HISTORIES[name]))
    assert json.loads(told) == stored(name)["state"]


@each_history
def test_the_checker_accepts_a_kept_history(name: str) -> None:
    report = check(load(HISTORIES[name]))
    assert report.ok, report.findings.kept
    assert report.entries == stored(name)["entries"]


def test_the_history_with_deaths_has_takeovers() -> None:
    report = check(load(HISTORIES["deaths"]))
    assert report.fences["seatline.facts.v1"] > load(HISTORIES["deaths"]).partitions


def test_the_history_of_a_live_stack_is_never_kept(tmp_path: Path) -> None:
    (tmp_path / "endpoints.json").write_text('{"mode": "live"}')
    with pytest.raises(CannotCheckError, match="real contacts"):
        require_rehearsal(tmp_path)

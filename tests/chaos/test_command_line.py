import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.stack.identity import Wish, open_or_create
from services.stack.layout import Layout
from tests.chaos.__main__ import main
from tests.chaos.catalogue import KINDS
from tests.chaos.options import Options
from tests.chaos.run import planned
from tests.chaos.world import Sizes


def refused(capsys: pytest.CaptureFixture[str], *tokens: str) -> str:
    code = main(tokens)
    answer: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (code, answer["ok"], answer["bars_missed"]) == (2, False, [])
    return str(answer["error"])


def test_every_variable_that_cannot_be_is_named_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    error = refused(capsys, "--sessions", "3", "--rate", "0", "--brokers", "2", "--kinds", "flood")
    assert "SESSIONS: 3 cannot be; give 225 to 100000" in error
    assert "RATE: 0 cannot be" in error
    assert "BROKERS: 2 cannot be; give 1 or 3" in error
    assert "KINDS: 'flood' is none; choose from clock_dispatcher, " in error


def test_a_misspelt_option_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "fault" in refused(capsys, "--fault", "3")


def test_more_faults_than_fit_are_refused_before_a_stack_is_started(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error = refused(capsys, "--seconds", "30", "--state", str(tmp_path / "state"))
    assert "give more SECONDS or fewer FAULTS" in error
    assert not (tmp_path / "state").exists()


def test_the_stack_of_somebody_else_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = Layout.of(tmp_path / "state")
    open_or_create(layout, Wish(), datetime.now(UTC))
    error = refused(capsys, "--faults", "0", "--state", str(layout.state))
    assert "holds a stack that is not of chaos" in error
    assert layout.identity.exists()


def test_the_plan_is_told_first_and_what_is_left_out_is_named_with_its_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan, not_done = planned(Options(), Sizes())
    told = capsys.readouterr().err
    assert len(plan) == Options().faults
    for each in plan:
        assert f"{each.at_s:7.1f} s  {each.sentence}" in told
    assert "kill_broker: with one broker there is nobody to lead" in told
    dealt = {each.kind.name for each in plan}
    assert dealt | not_done.keys() >= {kind.name for kind in KINDS}
    assert not dealt & not_done.keys()


def test_with_three_brokers_one_of_them_is_killed() -> None:
    plan, not_done = planned(Options(), Sizes(brokers=3))
    assert "kill_broker" not in not_done
    victims = {each.victim for each in plan if each.kind.name == "kill_broker"}
    assert victims
    assert victims <= {"kafka-0", "kafka-1", "kafka-2"}


def test_kinds_that_got_no_turn_are_named_too() -> None:
    plan, not_done = planned(Options(faults=1), Sizes())
    assert len(plan) == 1
    missed = [why for why in not_done.values() if why == "1 faults are too few for every kind"]
    assert len(missed) >= 15

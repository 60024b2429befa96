"""`make simtest`: refusals by name, one JSON object at the end."""

import json
from pathlib import Path

import pytest

from tests.simtest import __main__ as command
from tests.simtest.plan import ALL_KINDS
from tests.simtest.points import POINTS_TO_HIT
from tests.simtest.promises import BrokenPromiseError
from tests.simtest.run import Outcome, run


@pytest.mark.parametrize(
    ("seed", "seeds", "named"),
    [("", "1", "SEED"), ("-1", "1", "SEED"), ("1", "0", "SEEDS"), ("1", "many", "SEEDS")],
)
def test_a_bad_number_is_refused_by_its_name(
    seed: str, seeds: str, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--seed", seed, "--seeds", seeds])
    assert ended.value.code == 2
    assert f"{named} is " in capsys.readouterr().err


def test_one_seed_is_told_and_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--seed", "3", "--seeds", "1"]) == 0
    said = capsys.readouterr()
    summary = json.loads(said.out.splitlines()[-1])
    assert summary["ok"]
    assert (summary["seeds"], summary["failed"]) == (1, [])
    assert set(summary["faults_by_kind"]) == set(ALL_KINDS)
    assert set(POINTS_TO_HIT) <= set(summary["awaits_hit"])
    assert " FAULT " in said.err


def test_a_broken_promise_is_told_with_its_seed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(plan: object, folder: Path, *_: object, **more: bool) -> Outcome:
        outcome = run(plan, folder, **more)  # type: ignore[arg-type]
        fields = {name: getattr(outcome, name) for name in Outcome.__slots__}
        return Outcome(**fields | {"broken": BrokenPromiseError("two_desks", "K1")})

    monkeypatch.setattr(command, "run", broken)
    monkeypatch.setattr(command, "SHRUNK_MAX", 0)
    assert command.main(["--seed", "4", "--seeds", "1"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out.splitlines()[-1])["failed"] == [4]
    assert "two_desks: K1" in said.err
    assert "make simtest SEED=4 SEEDS=1" in said.err

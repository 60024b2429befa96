import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.stack.layout import REPOSITORY
from tests.chaos.cut_off import refusal

WITHIN_S = 200
pytestmark = pytest.mark.timeout(WITHIN_S + 20)

KINDS = {
    *("kill_router", "kill_dispatcher", "kill_gateway", "kill_recorder"),
    *("pause_dispatcher", "cut_router"),
}
LOAD = {"sessions": 450, "rate": 20, "aht": 4, "seconds": 58}
SEED = 4


@pytest.fixture(scope="module")
def chaos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    state = tmp_path_factory.mktemp("chaos") / "state"
    options = LOAD | {"faults": len(KINDS), "kinds": ",".join(sorted(KINDS)), "seed": SEED}
    done = subprocess.run(
        (
            *(sys.executable, "-m", "tests.chaos", "--state", str(state)),
            *(part for name, value in options.items() for part in (f"--{name}", str(value))),
        ),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found | {"exit": done.returncode, "told": done.stderr, "state": state}


def test_a_stack_that_is_hurt_under_load_keeps_every_promise(chaos: dict[str, Any]) -> None:
    assert chaos["exit"] == 0, chaos["told"]
    assert (chaos["verdict"], chaos["violations"]) == ("ok", [])
    assert (chaos["lost"], chaos["doubled"], chaos["stuck"], chaos["open"]) == (0, 0, 0, 0)
    assert chaos["contacts"] > LOAD["rate"] * LOAD["seconds"] * 0.9
    assert chaos["deep"]["ok"]
    assert chaos["deep"]["live"]["not_judged"] == []


def test_every_kind_was_done_and_its_recovery_seen(chaos: dict[str, Any]) -> None:
    left_out = {"cut_router"} if refusal() else set()
    assert chaos["by_kind"].keys() == KINDS - left_out
    assert chaos["faults"] == len(KINDS)
    assert chaos["recovery_s"].keys() == KINDS - left_out
    assert all(found["max"] > 0 for found in chaos["recovery_s"].values())
    assert left_out <= chaos["not_done"].keys()


def test_what_happens_is_told_as_it_happens(chaos: dict[str, Any]) -> None:
    told = chaos["told"]
    assert told.index(f"the plan of seed {SEED}:") < told.index("bringing a stack up")
    for event in chaos["events"]:
        assert f"s  {event['what']}\n" in told
        assert event["seen"] in told


def test_nothing_of_it_runs_on(chaos: dict[str, Any]) -> None:
    state: Path = chaos["state"]
    status = json.loads((state / "status.json").read_text())
    assert (status["phase"], status["processes"]) == ("down", {})

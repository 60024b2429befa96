import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def run(*arguments: str, path: str = os.environ["PATH"]) -> tuple[int, dict[str, Any], str]:
    done = subprocess.run(
        (sys.executable, "-m", "docs.model.run", *arguments),
        cwd=ROOT,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    return done.returncode, json.loads(done.stdout.splitlines()[-1]), done.stderr


def test_the_smallest_world_holds_and_a_planted_error_is_caught() -> None:
    code, answer, said = run("--only", "smallest,no_late_look")
    assert (code, answer["ok"]) == (0, True), said
    assert answer["states"] > 1_000
    assert answer["planted_error_caught"] is True
    assert answer["planted_errors"] == {"no_late_look": True}


def test_without_spin_it_says_what_brings_it(tmp_path: Path) -> None:
    code, answer, said = run("--only", "smallest", path=str(tmp_path))
    assert (code, answer["ok"]) == (2, False)
    assert "apt-get install -y spin gcc" in said


def test_a_search_that_is_not_there_is_refused_with_those_that_are() -> None:
    code, answer, _ = run("--only", "greatest")
    assert (code, answer["ok"]) == (2, False)
    assert "smallest" in answer["error"]

import json
import subprocess
import sys
from pathlib import Path

from services.stack.layout import REPOSITORY


def bench(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "bench", "--state", str(folder / "state"), *arguments),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_row_that_needs_no_stack_starts_none_and_ends_with_the_object(tmp_path: Path) -> None:
    done = bench(tmp_path, "--only", "router_gate")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert (answer["ok"], answer["bars_missed"]) == (True, [])
    assert list(answer["results"]) == ["router_gate"]
    assert answer["results"]["router_gate"]["value"] > 0
    assert "1/1 gate" in done.stderr
    assert "router_gate" in done.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_no_row_has_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    done = bench(tmp_path, "--only", "router_gate,nonsense")
    assert done.returncode == 2
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["ok"] is False
    assert "nonsense; give names of: " in answer["error"]
    assert list(tmp_path.iterdir()) == []

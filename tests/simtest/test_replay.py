"""The same seed is the same history, record by record, in another process too."""

import os
import subprocess
import sys
from pathlib import Path

from tests.simtest.plan import plan_of
from tests.simtest.run import run

ROOT = Path(__file__).parents[2]
SEED = 5
_PRINT = (
    "import sys, pathlib; from tests.simtest.plan import plan_of; "
    "from tests.simtest.run import run; "
    "o = run(plan_of(int(sys.argv[1])), pathlib.Path(sys.argv[2])); print(o.digest, o.steps)"
)


def history(hash_seed: str, folder: Path) -> str:
    environment = os.environ | {
        "PYTHONHASHSEED": hash_seed,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "proto" / "gen")]),
    }
    done = subprocess.run(
        [sys.executable, "-c", _PRINT, str(SEED), str(folder)],
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_two_runs_of_a_seed_are_one_history(tmp_path: Path) -> None:
    once, again = run(plan_of(SEED), tmp_path), run(plan_of(SEED), tmp_path, told=True)
    assert (once.digest, once.steps) == (again.digest, again.steps)
    assert again.story


def test_a_history_does_not_hang_on_the_hash_seed(tmp_path: Path) -> None:
    own = run(plan_of(SEED), tmp_path)
    seen = {history(hash_seed, tmp_path) for hash_seed in ("0", "1", "4242")}
    assert seen == {f"{own.digest} {own.steps}\n"}


def test_a_history_does_not_hang_on_the_seeds_before_it(tmp_path: Path) -> None:
    run(plan_of(SEED + 1), tmp_path)
    own = run(plan_of(SEED), tmp_path)
    assert history("0", tmp_path) == f"{own.digest} {own.steps}\n"


def test_another_seed_is_another_history(tmp_path: Path) -> None:
    assert run(plan_of(1), tmp_path).digest != run(plan_of(2), tmp_path).digest

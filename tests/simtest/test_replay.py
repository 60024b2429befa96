"""The same seed is the same history, record by record, in another process too."""

from pathlib import Path

from tests.simtest.plan import plan_of
from tests.simtest.run import run
from tests.support.hash_seeds import OTHERS, told_under

SEED = 5
_PRINT = (
    "import sys, pathlib; from tests.simtest.plan import plan_of; "
    "from tests.simtest.run import run; "
    "o = run(plan_of(int(sys.argv[1])), pathlib.Path(sys.argv[2])); print(o.digest, o.steps)"
)


def history(hash_seed: str, folder: Path) -> str:
    return told_under(hash_seed, "-c", _PRINT, str(SEED), str(folder))


def test_two_runs_of_a_seed_are_one_history(tmp_path: Path) -> None:
    once, again = run(plan_of(SEED), tmp_path), run(plan_of(SEED), tmp_path, told=True)
    assert (once.digest, once.steps) == (again.digest, again.steps)
    assert again.story


def test_a_history_does_not_hang_on_the_hash_seed(tmp_path: Path) -> None:
    own = run(plan_of(SEED), tmp_path)
    seen = {history(hash_seed, tmp_path) for hash_seed in OTHERS}
    assert seen == {f"{own.digest} {own.steps}\n"}


def test_a_history_does_not_hang_on_the_seeds_before_it(tmp_path: Path) -> None:
    run(plan_of(SEED + 1), tmp_path)
    own = run(plan_of(SEED), tmp_path)
    assert history("0", tmp_path) == f"{own.digest} {own.steps}\n"


def test_another_seed_is_another_history(tmp_path: Path) -> None:
    assert run(plan_of(1), tmp_path).digest != run(plan_of(2), tmp_path).digest

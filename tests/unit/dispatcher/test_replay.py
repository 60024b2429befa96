import os
import subprocess
import sys
from pathlib import Path

from services.dispatcher.domain.limits import Limits
from services.dispatcher.handlers import FloorHandler
from tests.unit.dispatcher.laws import check, dump
from tests.unit.dispatcher.recorded_case import recorded

ROOT = Path(__file__).parents[3]


def test_two_folds_of_the_same_facts_are_the_same_floor_after_every_fact() -> None:
    one, other = FloorHandler(Limits()), FloorHandler(Limits())
    for at_ms, fact in recorded(seed=3).log:
        one.evolve([fact], at_ms)
        other.evolve([fact], at_ms)
        assert dump(one.floor) == dump(other.floor)
        check(one.floor)


def test_a_fold_of_the_log_is_the_floor_that_wrote_it() -> None:
    script = recorded(seed=5)
    heir = FloorHandler(Limits())
    for at_ms, fact in script.log:
        heir.evolve([fact], at_ms)
    assert dump(heir.floor) == dump(script.core.floor)


def test_decisions_and_floor_do_not_hang_on_the_hash_seed() -> None:
    def run(seed: str) -> str:
        environment = os.environ | {
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "proto" / "gen")]),
        }
        command = [sys.executable, "-m", "tests.unit.dispatcher.recorded_case"]
        done = subprocess.run(
            command,
            check=False,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    first, *others = [run(seed) for seed in ("0", "1", "4242")]
    assert "\nTrue " in first
    assert first.count("Offered(") > 100
    assert others == [first, first]

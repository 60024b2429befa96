"""Run Python in a process of its own, where the hash of a string is another one."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
OTHERS = ("0", "1", "4242")
RUN_WITHIN_S = 60


def told_under(hash_seed: str, *arguments: str) -> str:
    """Run `python ARGUMENTS` under a hash seed and give what it printed."""
    done = subprocess.run(
        (sys.executable, *arguments),
        cwd=ROOT,
        env=os.environ
        | {
            "PYTHONHASHSEED": hash_seed,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "proto" / "gen")]),
        },
        capture_output=True,
        text=True,
        timeout=RUN_WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout

"""`python -m tests.mutants.seeds 20`: simulate seeds until one breaks a promise, and name it."""

import json
import sys
import tempfile
from pathlib import Path

from tests.simtest.plan import plan_of
from tests.simtest.run import run


def first_broken(seeds: int, secrets: Path) -> str | None:
    """Return the first seed that breaks a promise, and which; None when all keep them."""
    for seed in range(1, seeds + 1):
        outcome = run(plan_of(seed), secrets)
        if not outcome.ok:
            return f"seed {seed}, {outcome.broken}"
    return None


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="seatline-seeds-") as folder:
        sys.stdout.write(json.dumps({"broken": first_broken(int(sys.argv[1]), Path(folder))}))

"""Run seeds."""

import sys
import tempfile
import time
from pathlib import Path

from tests.simtest.plan import plan_of
from tests.simtest.run import run

if __name__ == "__main__":
    first, count = int(sys.argv[1]), int(sys.argv[2])
    told = count == 1
    with tempfile.TemporaryDirectory() as folder:
        steps = 0
        t0 = time.perf_counter()
        for seed in range(first, first + count):
            o = run(plan_of(seed), Path(folder), told=told)
            steps += o.steps
            if told:
                print("\n".join(o.story))
                print(o.where, o.equation)
            print(seed, o.ok, o.steps, o.virtual_ms, dict(o.faults), str(o.broken)[:300])
        s = time.perf_counter() - t0
        print(steps, s, steps / s * 60, s / count)

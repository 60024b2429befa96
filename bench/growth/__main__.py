"""Measure growth alone; the last line on standard output is one JSON object with all curves."""

import json
import sys

from bench.growth.study import measure_and_draw


def main() -> int:
    """Measure and draw everything; return 0."""
    curves = measure_and_draw(lambda line: print(line, file=sys.stderr, flush=True))
    growth = {curve.name: curve.as_json() for curve in curves}
    print(json.dumps({"ok": True, "bars_missed": [], "growth": growth}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

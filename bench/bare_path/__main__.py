"""Measure the bare path; the last line on standard output is one JSON object.

    python -m bench.bare_path --state .seatline --rate 300 --seconds 10

Exit 0: every contact came to its end, once; 1: one did not; 2: it could not run.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import knee
from bench.bare_path.knee import find
from bench.bare_path.run import run, servers
from bench.bare_path.setting import BareLoad
from bench.world import WorldError
from services.runtime.command_line import HELD, VIOLATED, answer, could_not_run, say
from services.stack.identity import DEFAULT_PARTITIONS


def main() -> int:
    """Run once, or as often as the knee takes."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.bare_path", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--state", type=Path, default=Path(".seatline"))
    parser.add_argument("--rate", type=float, default=300.0, help="contacts a second")
    parser.add_argument("--seconds", type=float, default=10.0, help="that are measured")
    parser.add_argument("--warmup", type=float, default=10.0, help="seconds of load before")
    parser.add_argument("--aht", type=float, default=5.0, help="see the simulator's --aht")
    parser.add_argument("--streams", type=int, default=225)
    parser.add_argument("--partitions", type=int, default=DEFAULT_PARTITIONS)
    parser.add_argument("--knee", action="store_true", help="find the highest load, from --rate on")
    given = parser.parse_args()
    load = BareLoad(
        given.rate, given.seconds, given.warmup, given.aht, given.streams, given.partitions
    )
    try:
        found = json.loads((given.state / "endpoints.json").read_text())
        result = _measure(found, load, at_knee=given.knee)
    except (OSError, WorldError) as error:
        return could_not_run(str(error), {})
    answer(result)
    return HELD if result["ok"] else VIOLATED


def _measure(found: dict[str, Any], load: BareLoad, *, at_knee: bool) -> dict[str, Any]:
    def one(rate_per_s: float) -> dict[str, Any]:
        tried = replace(load, rate_per_s=rate_per_s)
        if at_knee:
            tried = replace(tried, seconds=knee.MEASURED_S, warm_up_s=knee.WARM_UP_S, finish_s=5.0)
        result = run(found["kafka"], found["postgres"], tried, servers(found["pids"]))
        say(json.dumps(result))
        return result

    return find(one, load.rate_per_s).as_json() if at_knee else one(load.rate_per_s)


if __name__ == "__main__":
    sys.exit(main())

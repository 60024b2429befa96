"""Measure; the last line on standard output is one JSON object, the table precedes it on stderr."""

import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cyclopts import App, CycloptsError

from bench.catalogue import WORKS
from bench.figures import Results
from bench.table import show
from bench.work import UnknownNameError, choose, perform
from bench.world import World

HELD, VIOLATED, COULD_NOT_RUN = 0, 1, 2
DEFAULT_STATE = Path(".seatline-bench")

app = App(name="python -m bench", help="Measure Seatline against its bars and against bare loops.")


@app.default
def bench(
    *, only: str = "", state: Path = DEFAULT_STATE, plots: str = "0", scale: float = 1.0
) -> int:
    """Measure what is asked for, on a stack of its own where one is needed.

    Args:
        only: Rows or pieces of work, separated by commas; left out: all.
        state: State folder of that stack; it is emptied first.
        plots: 1 measures growth, too, and draws docs/performance/*.svg.
        scale: Share of sessions, load and durations; below 1 it is a trial that says nothing.
    """
    if plots not in ("0", "1"):
        return _failed(f"plots: {plots!r} cannot be; give 1 to draw the plots, or 0")
    chosen = choose(WORKS, only)
    results = Results()
    try:
        with World(state, _say, scale) as world:
            perform(chosen, world, results)
        growth = _draw() if plots == "1" else {}
    except KeyboardInterrupt:
        show(results, sys.stderr)
        return _failed("interrupted", results)
    show(results, sys.stderr)
    _print(results.as_json() | growth)
    if results.violations:
        return VIOLATED
    return HELD if results.ok else COULD_NOT_RUN


def _draw() -> dict[str, Any]:
    # Here, as the drawing library takes a second to import and few runs draw.
    from bench.growth.study import measure_and_draw

    _say("growth, about 8 min")
    return {"growth": {curve.name: curve.as_json() for curve in measure_and_draw(_say)}}


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _print(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


def _failed(reason: str, results: Results | None = None) -> int:
    _say(reason)
    _print((results or Results()).as_json() | {"ok": False, "error": reason})
    return COULD_NOT_RUN


def _interrupt(_number: int, _frame: object) -> None:
    # The first interrupt ends the run in order; further ones must not disturb the cleaning up.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main(tokens: Sequence[str] | None = None) -> int:
    """Parse the command line; return 0 (held), 1 (violated) or 2 (could not run)."""
    try:
        code = app(tokens, exit_on_error=False, print_error=False, result_action="return_value")
    except (CycloptsError, UnknownNameError) as error:
        return _failed(str(error))
    return code if isinstance(code, int) else HELD


if __name__ == "__main__":
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _interrupt)
    sys.exit(main())

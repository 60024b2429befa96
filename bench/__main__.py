"""Measure; the last line on standard output is one JSON object, the table precedes it on stderr."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cyclopts import App

from bench.catalogue import WORKS
from bench.figures import Results
from bench.table import show
from bench.work import choose, perform
from bench.world import World
from services.runtime.command_line import (
    COULD_NOT_RUN,
    HELD,
    VIOLATED,
    answer,
    ask,
    could_not_run,
    heed_interrupts,
    say,
)

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
        with World(state, say, scale) as world:
            perform(chosen, world, results)
        growth = _draw() if plots == "1" else {}
    except KeyboardInterrupt:
        show(results, sys.stderr)
        return _failed("interrupted", results)
    show(results, sys.stderr)
    answer(results.as_json() | growth)
    if results.violations:
        return VIOLATED
    return HELD if results.ok else COULD_NOT_RUN


def _draw() -> dict[str, Any]:
    # Here, as the drawing library takes a second to import and few runs draw.
    from bench.growth.study import measure_and_draw

    say("growth, about 8 min")
    return {"growth": {curve.name: curve.as_json() for curve in measure_and_draw(say)}}


def _failed(reason: str, results: Results | None = None) -> int:
    return could_not_run(reason, (results or Results()).as_json())


def main(tokens: Sequence[str] | None = None) -> int:
    """Parse the command line; return 0 (held), 1 (violated) or 2 (could not run)."""
    return ask(app, tokens, _failed)


if __name__ == "__main__":
    heed_interrupts()
    sys.exit(main())

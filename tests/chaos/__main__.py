"""Run chaos; the last line on standard output is one JSON object, what happens goes to stderr."""

import sys
from collections.abc import Sequence
from typing import Any

from cyclopts import App

from services.runtime.command_line import (
    HELD,
    VIOLATED,
    answer,
    ask,
    could_not_run,
    heed_interrupts,
    say,
)
from services.stack.errors import StackError
from tests.chaos.commands import CommandError
from tests.chaos.options import Options
from tests.chaos.run import planned, run
from tests.chaos.world import Sizes

_OPTIONS = Options()
_SIZES = Sizes()

app = App(name="python -m tests.chaos", help="Hurt a stack under load, and judge what it kept.")


@app.default
def chaos(*, options: Options = _OPTIONS, sizes: Sizes = _SIZES) -> int:
    """Bring a stack up, hurt it by the plan of a seed while callers work, audit it, take it down.

    Args:
        options: How much, how long, from which seed.
        sizes: How large the stack is.
    """
    options.check(sizes)
    plan, not_done = planned(options, sizes)
    try:
        found = run(options, sizes, plan, not_done)
    except (CommandError, StackError, OSError) as error:
        return could_not_run(str(error), _nothing(not_done))
    except KeyboardInterrupt:
        return could_not_run("interrupted; nothing is left behind", _nothing(not_done))
    return conclude(found)


def conclude(found: dict[str, Any]) -> int:
    """Tell what was broken, answer with all that was found, and give the exit code."""
    for broken in found["violations"]:
        say(f"violated: {broken}")
    answer(found)
    return HELD if found["ok"] else VIOLATED


def _nothing(not_done: dict[str, str]) -> dict[str, Any]:
    return {"bars_missed": [], "not_done": not_done}


def main(tokens: Sequence[str] | None = None) -> int:
    """Parse the command line; return 0 (held), 1 (violated) or 2 (could not run)."""
    return ask(app, tokens, lambda reason: could_not_run(reason, {"bars_missed": []}))


if __name__ == "__main__":
    heed_interrupts()
    sys.exit(main())

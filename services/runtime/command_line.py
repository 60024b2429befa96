"""What the commands of a developer have in common: how they are asked, interrupted, and end."""

import json
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cyclopts import App, CycloptsError

HELD, VIOLATED, COULD_NOT_RUN = 0, 1, 2
"""Exit codes: it ran and every invariant held; one was violated; it could not run."""


class RefusedError(Exception):
    """What was asked for cannot be; the message names the option and what it may be."""


def say(line: str) -> None:
    """Tell whoever watches, on standard error."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def answer(found: Mapping[str, Any]) -> None:
    """Print what was found: one JSON object, the last line on standard output."""
    sys.stdout.write(f"{json.dumps(found)}\n")
    sys.stdout.flush()


def last_object(output: bytes) -> dict[str, Any]:
    """Return what a command answered: the object on its last line, an empty one if it has none."""
    lines = output.decode(errors="replace").strip().splitlines()
    try:
        found = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def could_not_run(reason: str, found: Mapping[str, Any]) -> int:
    """Say why, answer with what was found until then, and give the exit code."""
    say(reason)
    answer({**found, "ok": False, "error": reason})
    return COULD_NOT_RUN


def ask(app: App, tokens: Sequence[str] | None, refused: Callable[[str], int]) -> int:
    """Run what the tokens name, by default those of the process, and give the exit code.

    Args:
        app: The command; it returns its exit code.
        tokens: The command line without the name of the program.
        refused: Answers, with an exit code, what cannot be asked.
    """
    try:
        code = app(tokens, exit_on_error=False, print_error=False, result_action="return_value")
    except (CycloptsError, RefusedError) as error:
        return refused(str(error))
    return code if isinstance(code, int) else HELD


def heed_interrupts() -> None:
    """Have the first SIGINT or SIGTERM raise `KeyboardInterrupt`, and later ones change nothing.

    What a command cleans up on its way out is so not disturbed.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt

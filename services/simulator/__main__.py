"""Run `demo` or `run`; the last line on standard output is one JSON object."""

import asyncio
import json
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import uvloop
from cyclopts import App, CycloptsError

from services.runtime.errors import PromiseBrokenError, TransientError, reasons_of
from services.simulator import wiring
from services.simulator.adapters.files import FileFaultError
from services.simulator.adapters.gateway_client import DeskStalledError
from services.simulator.adapters.journal import JournalBehindError
from services.simulator.adapters.stack import Stack, StackError
from services.simulator.handlers.rehearsal import NotStartedError
from services.simulator.ports import Screen
from services.simulator.settings import (
    DEFAULT_STATE,
    LoadOptions,
    OptionError,
    Sizes,
    State,
    keep_of,
)

HELD, VIOLATED, COULD_NOT_RUN = 0, 1, 2
_EXPECTED = (
    DeskStalledError,
    FileFaultError,
    JournalBehindError,
    NotStartedError,
    OptionError,
    OSError,
    PromiseBrokenError,
    StackError,
    TimeoutError,
    TransientError,
)

_SIZES = Sizes()
_LOAD = LoadOptions()

app = App(name="python -m services.simulator", help="Rehearse a whole federation, and judge it.")


@app.command
def demo(
    *,
    state: State = DEFAULT_STATE,
    sizes: Sizes = _SIZES,
    load: LoadOptions = _LOAD,
    keep: str = "0",
) -> int:
    """Bring a stack up, rehearse on it, audit it, and take it down.

    Args:
        state: State folder of the stack.
        sizes: How large the stack is.
        load: How much load, and how long.
        keep: 1 leaves the stack running.
    """
    load.check()
    kept = keep_of(keep)
    return _perform(lambda screen: wiring.demo(Stack(state), sizes, load, keep=kept, screen=screen))


@app.command
def run(
    *,
    state: State = DEFAULT_STATE,
    load: LoadOptions = _LOAD,
    journal: Path | None = None,
) -> int:
    """Drive a load through a stack that is up and has the map in force, and judge it.

    Args:
        state: State folder of the stack.
        load: How much load, and how long.
        journal: Where to write what the callers saw; left out, beside the stack's logs.
    """
    load.check()
    stack = Stack(state)
    path = journal or wiring.journal_path(stack)
    return _perform(lambda screen: wiring.run(stack, load, path, screen))


def _perform(work: Callable[[Screen], Awaitable[dict[str, Any]]]) -> int:
    screen = wiring.choose_screen()
    result = uvloop.run(_interruptible(lambda: work(screen), screen.say))
    print(json.dumps(result))
    return HELD if result["ok"] else VIOLATED


async def _interruptible(
    work: Callable[[], Awaitable[dict[str, Any]]], say: Callable[[str], None]
) -> dict[str, Any]:
    """Do the work; the first interrupt ends it in order, further ones change nothing."""
    task = asyncio.ensure_future(work())
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        if not task.cancelling():
            say("interrupted: cleaning up")
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    return await task


def _failed(reason: str) -> int:
    print(reason, file=sys.stderr, flush=True)
    print(json.dumps({"ok": False, "bars_missed": [], "error": reason}))
    return COULD_NOT_RUN


def _could_not_run(error: Exception) -> int:
    reasons = reasons_of(error)
    if not all(isinstance(reason, _EXPECTED) for reason in reasons):
        traceback.print_exception(error)
    return _failed("; ".join(str(reason) or type(reason).__name__ for reason in reasons))


def main(tokens: Sequence[str] | None = None) -> int:
    """Parse the command line; return 0 (held), 1 (violated) or 2 (could not run)."""
    try:
        code = app(tokens, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        return _failed(str(error))
    except asyncio.CancelledError:
        return _failed("interrupted")
    except Exception as error:  # noqa: BLE001 - a bug is no verdict: it must not exit with 1
        return _could_not_run(error)
    return code if isinstance(code, int) else HELD


if __name__ == "__main__":
    sys.exit(main())

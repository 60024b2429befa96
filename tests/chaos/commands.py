"""Commands of this project, as people run them."""

import subprocess
import sys
from typing import Any

from services.runtime.command_line import last_object
from services.stack.layout import REPOSITORY

_WITHIN_S = 900.0


class CommandError(Exception):
    """A command could not do its work; the message is its own."""


def run_module(
    module: str, *arguments: str, accepted: tuple[int, ...] = (0,), within_s: float = _WITHIN_S
) -> dict[str, Any]:
    """Run a command and return the object on its last line, if it prints one.

    Raises:
        CommandError: It failed, or took too long.
    """
    # A session of its own: an interrupt at the terminal is for us, who clean up in order.
    process = subprocess.Popen(
        (sys.executable, "-m", module, *arguments),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if "--json" in arguments else None,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=within_s)
    except BaseException as error:
        process.kill()
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise CommandError(f"{module} {arguments[0]}: no end after {within_s:g} s") from None
        raise
    answer = last_object(output)
    if process.returncode not in accepted:
        reason = answer.get("error") or f"exit {process.returncode}"
        raise CommandError(f"{module} {arguments[0]}: {reason}")
    return answer

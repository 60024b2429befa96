"""The application, its exit codes, and the options that commands share.

A command returns 0 when done, 1 when done with findings. What is not done is a NotDoneError: 2.
"""

import getpass
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Group, Parameter

if TYPE_CHECKING:
    from services.cli.ports.signature import Signature

DONE = 0
FINDINGS = 1

app = App(name="seatline", help="The operator's hand: look into a stack, and give it orders.")


@Parameter(name="*", group=Group("Common options"))
@dataclass(frozen=True)
class Common:
    """Options of every command."""

    state: Path = Path(".seatline")
    """State folder of the stack."""

    json: Annotated[bool, Parameter(negative=())] = False
    """Print one JSON object."""


@Parameter(name="*", group=Group("Order"))
@dataclass(frozen=True)
class Order:
    """Options of every command that changes something."""

    by: str | None = None
    """Who orders it; your name on this machine when left out."""

    why: str = ""
    """Why, in 200 characters; nothing about the people who are called."""

    dry_run: Annotated[bool, Parameter(negative=())] = False
    """Say what would change, and change nothing."""

    wait: bool = True
    """Wait until every partition has it in force, at most 10 s."""


COMMON = Common()
ORDER = Order()


def signature(by: str | None, why: str) -> "Signature":
    """Return who orders something, and why; a machine that knows no name holds nothing up."""
    from services.cli.ports.signature import Signature

    try:
        name = by or getpass.getuser()
    except (OSError, KeyError):
        name = f"uid {os.getuid()}"
    return Signature(name, why)

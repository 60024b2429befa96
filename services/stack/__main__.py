"""Run `setup`, `up`, `down`, `restart`, `status` or `reset`; the last line of output is JSON."""

import json
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Parameter

from services.stack import commands, prerequisites
from services.stack.errors import StackError
from services.stack.identity import Wish
from services.stack.layout import Layout
from services.stack.plan import PARTS, Plan
from services.stack.rolling import READY_BAR_S

READY_WITHIN_S = 150.0

app = App(name="python -m services.stack", help="One stack of Seatline on this machine.")


@Parameter(name="*")
@dataclass(frozen=True)
class Slots:
    """Count the processes of each kind."""

    routers: int = 1
    dispatchers: int = 1
    gateways: int = 1
    recorders: int = 1
    intakes: int = 1

    def as_plan(self, only: str | None) -> Plan:
        """Give the plan of a run with these slots."""
        slots = {
            "intake": self.intakes,
            "router": self.routers,
            "dispatcher": self.dispatchers,
            "gateway": self.gateways,
            "recorder": self.recorders,
        }
        return Plan(slots, PARTS if only is None else tuple(only.split(",")))


State = Annotated[Path, Parameter(help="State folder of the stack.")]
DEFAULT_STATE = Path(".seatline")


AnyWish = Annotated[Wish, Parameter(name="*")]
# Frozen, so one default serves every call.
NO_WISH = Wish()
ONE_EACH = Slots()


@app.command
def setup() -> int:
    """Install what a stack stands on: Java, Maven, PostgreSQL, the broker's jars."""
    return _report(lambda: {"brought": prerequisites.bring()})


@app.command
def up(
    *,
    state: State = DEFAULT_STATE,
    wish: Annotated[Wish, Parameter(name="*")] = Wish(),  # noqa: B008 - frozen
    slots: Slots = Slots(),
    only: str | None = None,
    within_s: float = READY_WITHIN_S,
) -> int:
    """Bring the stack up and return when everything is ready.

    Args:
        state: State folder of the stack.
        wish: What the stack is; fixed when it is created.
        slots: How many processes of each kind.
        only: Parts to run, separated by commas: kafka, postgres, or kinds of services.
        within_s: Deadline for everything to be ready.
    """
    layout = Layout.of(state)

    def work() -> dict[str, Any]:
        plan = slots.as_plan(only)
        standing = commands.up(layout, wish, plan, within_s=within_s)
        return {"endpoints": str(layout.endpoints), **standing.as_json()}

    return _report(work)


@app.command
def down(*, state: State = DEFAULT_STATE, wish: AnyWish = NO_WISH, slots: Slots = ONE_EACH) -> int:
    """Stop the stack: services first, then its servers. Takes the options of `up`, too."""
    del wish, slots

    def work() -> dict[str, Any]:
        commands.down(Layout.of(state))
        return {"state": "down"}

    return _report(work)


@app.command
def status(
    *, state: State = DEFAULT_STATE, wish: AnyWish = NO_WISH, slots: Slots = ONE_EACH
) -> int:
    """Say how each process stands. Takes the options of `up`, too."""
    del wish, slots
    layout = Layout.of(state)
    return _report(
        lambda: {"endpoints": str(layout.endpoints), **commands.status(layout).as_json()}
    )


@app.command
def restart(
    *, state: State = DEFAULT_STATE, wish: AnyWish = NO_WISH, slots: Slots = ONE_EACH
) -> int:
    """Restart every service, one after the other. Takes the options of `up`, too."""
    del wish, slots

    def work() -> dict[str, Any]:
        restarted = commands.restart(Layout.of(state))
        slow = [each["name"] for each in restarted if each["seconds"] > READY_BAR_S]
        missed = [f"{name}: ready again later than {READY_BAR_S:g} s" for name in slow]
        return {"bars_missed": missed, "restarted": restarted}

    return _report(work)


@app.command
def reset(
    *,
    state: State = DEFAULT_STATE,
    wish: AnyWish = NO_WISH,
    slots: Slots = ONE_EACH,
    yes_live: bool = False,
) -> int:
    """Stop the stack and delete all that it wrote. Takes the options of `up`, too.

    Args:
        state: State folder of the stack.
        wish: Not looked at.
        slots: Not looked at.
        yes_live: Do so even to a live stack.
    """
    del wish, slots

    def work() -> dict[str, Any]:
        commands.reset(Layout.of(state), even_live=yes_live)
        return {"state": "absent"}

    return _report(work)


def _report(work: Callable[[], dict[str, Any]]) -> int:
    """Do the work, print its result as JSON, and give the exit code."""
    try:
        result = work()
    except StackError as error:
        return _failed(str(error), 2)
    except KeyboardInterrupt:
        return _failed("interrupted", 2)
    print(json.dumps({"ok": True, "bars_missed": [], **result}))
    return 0


def _failed(error: str, code: int) -> int:
    print(error, file=sys.stderr)
    print(json.dumps({"ok": False, "bars_missed": [], "error": error}))
    return code


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Parse the command line and exit with 0 (done) or 2 (could not run)."""
    # A terminated command cleans up after itself as an interrupted one does.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        sys.exit(app(exit_on_error=False, print_error=False))
    except CycloptsError as error:
        sys.exit(_failed(str(error), 2))


if __name__ == "__main__":
    main()

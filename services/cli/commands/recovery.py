"""The command for the worst day: `recover`."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from services.cli.commands.options import COMMON, DONE, Common, app, signature
from services.cli.errors import NotDoneError

if TYPE_CHECKING:
    from services.cli.handlers.recover import Assessment

Flag = Annotated[bool, Parameter(negative=())]


@Parameter(name="*", group=Group("Recovery"))
@dataclass(frozen=True)
class Recovery:
    """Options of `recover`."""

    from_postgres: Flag = False
    """Say that Postgres is what is left."""

    map: Path | None = None
    """The file of the map that was in force: Postgres does not have all of it."""

    policy: str | None = None
    """The rules of calling that were in force: a TOML file, or `default`."""

    calls_over: Flag = False
    """Somebody has made sure that no caller is on a call any more: do not wait for their end."""

    yes: Flag = False
    """Do not ask."""

    start: bool = True
    """Start the whole stack afterwards."""

    dry_run: Flag = False
    """Say what is known, what would be called again and what never, and change nothing."""

    by: str | None = None
    """Who orders it; your name on this machine when left out."""

    why: str = ""
    """Why."""


RECOVERY = Recovery()


@app.command
def recover(*, recovery: Recovery = RECOVERY, common: Common = COMMON) -> int:
    """Begin anew from Postgres when all of Kafka is lost, and release what has to be called again.

    An interrupted one is completed by the same command, and nobody is called twice. Repeated later,
    it releases what has become due. When Postgres is lost and Kafka is whole, `make up` is enough.
    """
    from services.cli import wiring
    from services.cli.adapters import recovery_report, terminal
    from services.cli.adapters.order_files import read_rules
    from services.cli.handlers.recover import State, Wish

    if not recovery.from_postgres:
        raise NotDoneError(
            "--from-postgres: say that Kafka is lost and Postgres is whole; where Postgres is "
            "lost, `make up` rebuilds it from the logs"
        )
    if (recovery.map is None) != (recovery.policy is None):
        raise NotDoneError("--map, --policy: give both; `--policy default` for the default rules")
    rules = None if recovery.map is None else read_rules(recovery.map, recovery.policy)
    wish = Wish(signature(recovery.by, recovery.why), rules, recovery.calls_over, ())

    def agreed(found: "Assessment") -> bool:
        if recovery.dry_run:
            return False
        # What has become due since needs no second word.
        return recovery.yes or found.state is State.RECOVERED or _asked(found)

    with terminal.steps() as progress:
        found, done = asyncio.run(
            wiring.recover(common.state, wish, agreed, progress, start=recovery.start)
        )
    report = recovery_report.as_json(found, done, dry_run=recovery.dry_run)
    terminal.show(report, recovery_report.as_text(report), as_json=common.json)
    return DONE


def _asked(found: "Assessment") -> bool:
    from services.cli.adapters import recovery_report

    if not sys.stdin.isatty():
        raise NotDoneError("--yes: nobody is there to be asked; look at --dry-run first")
    report = recovery_report.as_json(found, None, dry_run=True)
    print(recovery_report.as_text(report), file=sys.stderr)
    print("Go on? Type yes: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != "yes":
        raise NotDoneError("not agreed to; nothing was changed")
    return True

"""The emergency stop: `stop`, `resume`."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Group, Parameter

from services.cli.commands.options import (
    COMMON,
    DONE,
    FINDINGS,
    ORDER,
    Common,
    Order,
    app,
    signature,
)
from services.cli.errors import NotDoneError


@Parameter(name="*", group=Group("Scope: exactly one"))
@dataclass(frozen=True)
class Scopes:
    """What is stopped or resumed."""

    all: Annotated[bool, Parameter(negative=())] = False
    """Everything."""

    campaign: str | None = None
    """A campaign."""

    seat: str | None = None
    """A seat of the map in use."""

    centre: str | None = None
    """A centre of the map in use."""


SCOPES = Scopes()


@app.command
def stop(
    *,
    listed: Annotated[bool, Parameter(name="--list", negative=())] = False,
    scopes: Scopes = SCOPES,
    order: Order = ORDER,
    common: Common = COMMON,
) -> int:
    """Stop all calling in a scope until it is resumed: nothing is offered, confirmed or shown.

    Open offers are taken back within 2 s; calls under way go on.

    Parameters
    ----------
    listed
        Show the stops in force, and stop nothing.
    """
    if not listed:
        return _order(scopes, order, common, resume=False)
    if scopes != SCOPES:
        raise NotDoneError("--list: shows all stops; leave the scope away")
    from services.cli import wiring
    from services.cli.adapters import stop_report, terminal

    standing, applied = asyncio.run(wiring.stops(common.state))
    report = stop_report.standing_as_json(standing, applied)
    terminal.show(report, stop_report.standing_as_text(report), as_json=common.json)
    return DONE if report["ok"] else FINDINGS


@app.command
def resume(*, scopes: Scopes = SCOPES, order: Order = ORDER, common: Common = COMMON) -> int:
    """End a stop; what another stop covers stays stopped."""
    return _order(scopes, order, common, resume=True)


def _order(scopes: Scopes, order: Order, common: Common, *, resume: bool) -> int:
    from services.cli import wiring
    from services.cli.adapters import stop_report, terminal
    from services.cli.domain.scope import Kind, Scope
    from services.cli.handlers.stop import StopWish

    named = [
        Scope(kind, value)
        for kind in (Kind.CAMPAIGN, Kind.SEAT, Kind.CENTRE)
        if (value := getattr(scopes, kind)) is not None
    ]
    given = [*named, *[Scope(Kind.ALL)] * scopes.all]
    if len(given) != 1:
        raise NotDoneError("scope: give one of --all, --campaign X, --seat S, --centre C")
    if given[0].kind is not Kind.ALL and not given[0].id.strip():
        raise NotDoneError(f"--{given[0].kind}: a name is missing")
    wish = StopWish(given[0], resume, signature(order.by, order.why), order.dry_run, order.wait)
    with terminal.progress() as progress:
        progress("resuming" if resume else "stopping")
        stopped = asyncio.run(wiring.stop(common.state, wish))
    report = stop_report.as_json(stopped)
    terminal.show(report, stop_report.as_text(report), as_json=common.json)
    return DONE if report["ok"] else FINDINGS

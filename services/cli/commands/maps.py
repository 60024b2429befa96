"""Commands about the map: `map publish`, `map show`."""

import asyncio
from pathlib import Path

from cyclopts import App

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

map_app = App(name="map", help="Which seat belongs to which centre.")
app.command(map_app)


@map_app.command
def publish(
    file: Path, /, *, policy: str | None = None, order: Order = ORDER, common: Common = COMMON
) -> int:
    """Check a map and put it in force; the same content again changes nothing.

    Parameters
    ----------
    file
        CSV with the columns seat_id, centre_id, centre_name, site_seat_id, callers, partition.
    policy
        Rules of calling: a TOML file, or `default`. Left out: the default, if there are none yet.
    """
    from services.cli import wiring
    from services.cli.adapters import map_report, terminal
    from services.cli.adapters.order_files import read_wish

    wish = read_wish(
        file, policy, signature(order.by, order.why), dry_run=order.dry_run, wait=order.wait
    )
    with terminal.progress() as progress:
        progress("publishing")
        published = asyncio.run(wiring.publish(common.state, wish))
    if published.problems:
        raise NotDoneError(map_report.refusal(file, published.problems))
    report = map_report.as_json(published, dry_run=order.dry_run)
    terminal.show(report, map_report.as_text(report), as_json=common.json)
    return DONE if report["ok"] else FINDINGS


@map_app.command
def show(*, common: Common = COMMON) -> int:
    """Show the map and policy in use."""
    from services.cli import wiring
    from services.cli.adapters import map_report, terminal

    report = map_report.in_use_as_json(wiring.in_use(common.state))
    terminal.show(report, map_report.in_use_as_text(report), as_json=common.json)
    return DONE

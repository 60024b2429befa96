"""The operator's hand on one contact or session, and the journal of all orders."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

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

if TYPE_CHECKING:
    from services.cli.handlers.hand import HandWish

ORDERS_LISTED = 50


@app.command
def release(contact: str, /, *, order: Order = ORDER, common: Common = COMMON) -> int:
    """Hand a contact that waits, or is offered, back to the bank; a call is not ended by it.

    Parameters
    ----------
    contact
        Id of the contact.
    """
    from services.cli import wiring
    from services.cli.adapters import hand_report, terminal

    handled = asyncio.run(wiring.release(common.state, contact, _wish(order)))
    report = hand_report.released_as_json(handled, dry_run=order.dry_run)
    terminal.show(report, hand_report.released_as_text(report), as_json=common.json)
    return DONE if report["ok"] else FINDINGS


@app.command
def end_session(
    session: str,
    /,
    *,
    interrupt: Annotated[bool, Parameter(negative=())] = False,
    order: Order = ORDER,
    common: Common = COMMON,
) -> int:
    """Sign a caller session out: at once, or after its call.

    Parameters
    ----------
    session
        Id of the session.
    interrupt
        End its call, too, now: it counts as interrupted, and the caller is told to hang up.
    """
    from services.cli import wiring
    from services.cli.adapters import hand_report, terminal

    handled = asyncio.run(
        wiring.end_session(common.state, session, _wish(order), interrupt=interrupt)
    )
    report = hand_report.ended_as_json(handled, dry_run=order.dry_run, interrupt=interrupt)
    terminal.show(report, hand_report.ended_as_text(report), as_json=common.json)
    return DONE if report["ok"] else FINDINGS


@app.command
def journal(
    *,
    since: str | None = None,
    limit: Annotated[int, Parameter(validator=Number(gte=1, lte=10_000))] = ORDERS_LISTED,
    common: Common = COMMON,
) -> int:
    """List what operators ordered, the newest last: when, who, what, why, and what came of it.

    Parameters
    ----------
    since
        A time, `2026-11-30T20:00`, or how long ago, `90s`, `30m`, `2h`, `7d`; all when left out.
    limit
        How many orders at most, the newest.
    """
    from services.cli import wiring
    from services.cli.adapters import journal_report, terminal
    from services.cli.domain.since import since_ms
    from services.runtime.clock import SystemClock

    now = datetime.fromtimestamp(SystemClock().wall_ms() / 1000, UTC).astimezone()
    begins_ms = 0 if since is None else since_ms(since, now)
    with terminal.progress() as progress:
        orders = asyncio.run(wiring.journal(common.state, begins_ms, limit, progress))
    report = journal_report.as_json(orders)
    terminal.show(report, journal_report.as_text(report), as_json=common.json)
    return DONE


def _wish(order: Order) -> "HandWish":
    from services.cli.handlers.hand import HandWish

    return HandWish(signature(order.by, order.why), order.dry_run, order.wait)

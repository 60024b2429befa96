"""Commands about what waits for a hand: `dead list`, `show`, `requeue`, `drop`."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Group, Parameter
from cyclopts.validators import Number

from services.cli.commands.options import COMMON, DONE, FINDINGS, Common, app, signature
from services.cli.errors import NotDoneError

if TYPE_CHECKING:
    from services.cli.domain.dead import LetterId
    from services.cli.handlers.dead import Choice

LIMIT = 100
LIMIT_MAX = 10_000

dead_app = App(name="dead", help="Inputs that could not be read or decided, and wait for a hand.")
app.command(dead_app)

Flag = Annotated[bool, Parameter(negative=())]


@Parameter(name="*", group=Group("Order"))
@dataclass(frozen=True)
class Hand:
    """Options of what changes letters; there is nothing to wait for."""

    by: str | None = None
    """Who orders it; your name on this machine when left out."""

    why: str = ""
    """Why; to drop a letter demands it."""

    dry_run: Flag = False
    """Say what would be done, and do nothing."""


HAND = Hand()


@dead_app.command(name="list")
def list_letters(
    *,
    all_letters: Annotated[bool, Parameter(name="--all", negative="--open")] = False,
    service: str = "",
    limit: Annotated[int, Parameter(validator=Number(gte=1, lte=LIMIT_MAX))] = LIMIT,
    common: Common = COMMON,
) -> int:
    """List what waits for a hand, the newest last.

    Parameters
    ----------
    all_letters
        Also what was requeued or dropped; else only what is open.
    service
        Only what this service set aside: intake, router or dispatcher.
    limit
        How many are named; the counts are of all.
    """
    from services.cli import wiring
    from services.cli.adapters import dead_report, terminal

    with terminal.progress() as progress, wiring.dead(common.state, progress) as dead:
        cases = dead.read().cases()
    wanted = [
        case
        for case in cases
        if (all_letters or case.waits) and service in ("", case.letter.service)
    ]
    report = dead_report.listed(wanted, limit)
    terminal.show(report, dead_report.listed_text(report), as_json=common.json)
    return DONE


@dead_app.command
def show(letter: str, /, *, common: Common = COMMON) -> int:
    """Tell all of one letter, what was done with it, and what a requeue would do.

    Parameters
    ----------
    letter
        Its id, as `dead list` names it.
    """
    from services.cli import wiring
    from services.cli.adapters import dead_report, terminal
    from services.cli.handlers.dead import Choice

    choice = Choice(_ids((letter,)))
    with terminal.progress() as progress, wiring.dead(common.state, progress) as dead:
        (case,) = choice.of(dead.read())
        planned, original = asyncio.run(dead.plan(case))
    report = dead_report.shown(case, planned if case.waits else None, original)
    terminal.show(report, dead_report.shown_text(report), as_json=common.json)
    return DONE


@dead_app.command
def requeue(
    *letters: str,
    reason: str = "",
    all_letters: Annotated[bool, Parameter(name="--all", negative=())] = False,
    hand: Hand = HAND,
    common: Common = COMMON,
) -> int:
    """Send inputs again whose cause is gone; the same command again completes it, and no more.

    Parameters
    ----------
    letters
        Ids, as `dead list` names them.
    reason
        Everything open that has this reason.
    all_letters
        Everything open.
    """
    from services.cli import wiring
    from services.cli.adapters import dead_report, terminal

    choice = _choice(letters, reason, everything=all_letters)
    signed = signature(hand.by, hand.why)
    with terminal.progress() as progress, wiring.dead(common.state, progress) as dead:
        results = asyncio.run(dead.requeue(choice, signed, dry_run=hand.dry_run))
    report = dead_report.done(results, dry_run=hand.dry_run)
    terminal.show(report, dead_report.done_text(report), as_json=common.json)
    return DONE if report["ok"] else FINDINGS


@dead_app.command
def drop(*letters: str, hand: Hand = HAND, common: Common = COMMON) -> int:
    """Give inputs up for good; they count as refused from then on.

    Parameters
    ----------
    letters
        Ids, as `dead list` names them.
    """
    from services.cli import wiring
    from services.cli.adapters import dead_report, terminal

    choice = _choice(letters, "", everything=False)
    if not hand.why.strip():
        raise NotDoneError("--why: say why these are given up for good")
    signed = signature(hand.by, hand.why)
    with terminal.progress() as progress, wiring.dead(common.state, progress) as dead:
        results = dead.drop(choice, signed, dry_run=hand.dry_run)
    report = dead_report.done(results, dry_run=hand.dry_run)
    terminal.show(report, dead_report.done_text(report), as_json=common.json)
    return DONE if report["ok"] else FINDINGS


def _choice(letters: tuple[str, ...], reason: str, *, everything: bool) -> "Choice":
    from services.cli.adapters.dead_codec import REASONS
    from services.cli.handlers.dead import Choice

    if (bool(letters), bool(reason), everything).count(True) != 1:
        raise NotDoneError("ID: name letters, see `seatline dead list`; or --reason R, or --all")
    if reason and reason not in REASONS:
        raise NotDoneError(f"--reason {reason}: none of {', '.join(REASONS)}")
    return Choice(_ids(letters), reason)


def _ids(letters: tuple[str, ...]) -> "tuple[LetterId, ...]":
    from services.cli.domain.dead import LetterId

    found = {letter: LetterId.named(letter) for letter in letters}
    wrong = [letter for letter, named in found.items() if named is None]
    if wrong:
        raise NotDoneError(f"ID {wrong[0]}: no letter; an id is partition/offset, such as 3/17")
    return tuple(named for named in found.values() if named is not None)

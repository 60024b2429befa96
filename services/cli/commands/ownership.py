"""Commands about who decides: `owners`, `move-partition`, `skip`."""

from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from services.cli.handlers.ownership import Asking, DecidersLog


@app.command
def owners(*, common: Common = COMMON) -> int:
    """Show which slot decides in each partition, since when, and how often it was taken lately."""
    from services.cli import wiring
    from services.cli.adapters import ownership_report, terminal

    with terminal.progress() as progress:
        progress("reading")
        found = wiring.owners(common.state)
    report = ownership_report.owners_as_json(found)
    terminal.show(report, ownership_report.owners_as_text(report), as_json=common.json)
    return DONE if report["ok"] else FINDINGS


@app.command
def move_partition(
    partition: str, /, *, to: str, order: Order = ORDER, common: Common = COMMON
) -> int:
    """Have a slot give a partition to another one, which stays there until that one stops.

    Parameters
    ----------
    partition
        `rulings/N` or `facts/N`, or with the whole name of the topic.
    to
        Slot that is to have it, as `seatline owners` names them.
    """
    from services.cli import wiring
    from services.cli.adapters import ownership_report, terminal
    from services.cli.domain.reigns import partition_name

    name = partition_name(partition)
    log = _log_named(name[0]) if name else None
    if name is None or log is None:
        raise NotDoneError(
            f"PARTITION: {partition!r} is none; give rulings/N or facts/N, see `seatline owners`"
        )
    number = name[1]
    with terminal.progress() as progress:
        progress("moving")
        moved = wiring.move_partition(common.state, log, number, to, _asking(order))
    report = ownership_report.moved_as_json(moved, log.topic, number, to, dry_run=order.dry_run)
    terminal.show(report, ownership_report.moved_as_text(report), as_json=common.json)
    return DONE if report["ok"] else FINDINGS


@app.command
def skip(name: str, /, *, order: Order = ORDER, common: Common = COMMON) -> int:
    """Have an input set aside undecided, to the dead letters: for one that its owner dies of.

    Parameters
    ----------
    name
        INPUT: `topic/partition/offset`, and `/index` of the entry in that record, if not the first.
    """
    from services.cli import wiring
    from services.cli.adapters import ownership_report, terminal
    from services.cli.domain.reigns import input_name

    given = input_name(name)
    if given is None:
        raise NotDoneError(f"INPUT: {name!r} is none; give topic/partition/offset[/index]")
    log = _log_deciding(given.topic)
    with terminal.progress() as progress:
        progress("skipping")
        skipped = wiring.skip(common.state, log, given, _asking(order))
    report = ownership_report.skipped_as_json(skipped, given, dry_run=order.dry_run)
    terminal.show(report, ownership_report.skipped_as_text(report), as_json=common.json)
    return DONE if report["ok"] else FINDINGS


def _asking(order: Order) -> "Asking":
    from services.cli.handlers.ownership import Asking

    return Asking(signature(order.by, order.why), dry_run=order.dry_run, wait=order.wait)


def _logs() -> "list[DecidersLog]":
    from services.cli.adapters.topics import COMMANDS, CONTACTS, FACTS, RULINGS
    from services.cli.handlers.ownership import DecidersLog

    return [
        DecidersLog(RULINGS, "router", (CONTACTS,)),
        DecidersLog(FACTS, "dispatcher", (COMMANDS, RULINGS)),
    ]


def _log_named(name: str) -> "DecidersLog | None":
    return next((log for log in _logs() if name in (log.topic, log.topic.split(".")[1])), None)


def _log_deciding(topic: str) -> "DecidersLog":
    for log in _logs():
        if topic in log.inputs:
            return log
    known = ", ".join(topic for log in _logs() for topic in log.inputs)
    raise NotDoneError(
        f"INPUT: nothing of {topic} can be skipped: give one of {known}. Orders (maps, stops, "
        "withdrawals) never: to go on without one could mean calls outside the rules"
    )

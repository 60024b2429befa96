"""The commands and their options; what they do lives in `handlers`.

Each returns its exit code: 0 done, 1 done with findings. What is not done is a NotDoneError: 2.
"""

import asyncio
import getpass
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import App, Group, Parameter
from cyclopts.validators import Number

from services.cli.errors import NotDoneError

DONE = 0
FINDINGS = 1
DEEP_SECONDS = 900.0

app = App(name="seatline", help="The operator's hand: look into a stack, and give it orders.")
map_app = App(name="map", help="Which seat belongs to which centre.")
app.command(map_app)


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
    """Why."""

    dry_run: Annotated[bool, Parameter(negative=())] = False
    """Say what would change, and change nothing."""

    wait: bool = True
    """Wait until every partition has it in force, at most 10 s."""


_COMMON = Common()
_ORDER = Order()


@app.command
def audit(
    *,
    journal: Path | None = None,
    deep: Annotated[bool, Parameter(negative=())] = False,
    deep_seconds: Annotated[float, Parameter(validator=Number(gt=0))] = DEEP_SECONDS,
    common: Common = _COMMON,
) -> int:
    """Count every contact once, and name each one that is lost or was given twice.

    Parameters
    ----------
    journal
        What the simulated callers of a rehearsal wrote down, to be held against the logs.
    deep
        Also hold every record, row and line of the journal against the rules of the protocol.
    deep_seconds
        How long that may take; what takes longer is ended, and nothing is said of it.
    """
    from services.cli import wiring
    from services.cli.adapters import audit_report, terminal

    with terminal.progress() as progress:
        audited = asyncio.run(wiring.audit(common.state, journal, progress))
        checked = wiring.check(common.state, journal, deep_seconds, progress) if deep else None
    report = audit_report.as_json(audited, checked)
    terminal.show(report, audit_report.as_text(report), as_json=common.json)
    return DONE if report["ok"] else FINDINGS


@app.command
def explain(
    contact: str | None = None, /, *, session: str | None = None, common: Common = _COMMON
) -> int:
    """Tell everything that was decided on a contact, where it is, and what it waits for.

    Parameters
    ----------
    contact
        Id of the contact.
    session
        Id of a caller session, instead of a contact.
    """
    from services.cli import wiring
    from services.cli.adapters import story_report, terminal

    if (contact is None) == (session is None):
        raise NotDoneError("CONTACT: give a contact id, or a session with --session ID")
    subject = str(contact if session is None else session)
    with terminal.progress() as progress:
        story = asyncio.run(
            wiring.explain(common.state, subject, session=session is not None, progress=progress)
        )
    kind = "contact" if session is None else "session"
    report = story_report.as_json(kind, subject, story)
    terminal.show(report, story_report.as_text(report), as_json=common.json)
    return DONE if story.told else FINDINGS


@map_app.command
def publish(
    file: Path, /, *, policy: str | None = None, order: Order = _ORDER, common: Common = _COMMON
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
    from services.cli.ports import Signature

    signature = Signature(order.by or getpass.getuser(), order.why)
    wish = read_wish(file, policy, signature, dry_run=order.dry_run, wait=order.wait)
    with terminal.progress() as progress:
        progress("publishing")
        published = asyncio.run(wiring.publish(common.state, wish))
    if published.problems:
        raise NotDoneError(map_report.refusal(file, published.problems))
    report = map_report.as_json(published, dry_run=order.dry_run)
    terminal.show(report, map_report.as_text(report), as_json=common.json)
    return DONE if report["ok"] else FINDINGS


@map_app.command
def show(*, common: Common = _COMMON) -> int:
    """Show the map and policy in use."""
    from services.cli import wiring
    from services.cli.adapters import map_report, terminal

    report = map_report.in_use_as_json(wiring.in_use(common.state))
    terminal.show(report, map_report.in_use_as_text(report), as_json=common.json)
    return DONE

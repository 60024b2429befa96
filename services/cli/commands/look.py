"""Commands that look and change nothing: `audit`, `explain`."""

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from services.cli.commands.options import COMMON, DONE, FINDINGS, Common, app
from services.cli.errors import NotDoneError

DEEP_SECONDS = 900.0


@app.command
def audit(
    *,
    journal: Path | None = None,
    deep: Annotated[bool, Parameter(negative=())] = False,
    deep_seconds: Annotated[float, Parameter(validator=Number(gt=0))] = DEEP_SECONDS,
    common: Common = COMMON,
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
    contact: str | None = None, /, *, session: str | None = None, common: Common = COMMON
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

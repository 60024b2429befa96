"""What came of an order about one contact or session, as JSON and as text."""

from collections.abc import Mapping
from typing import Any

from services.cli.handlers.hand import Handled

UNANSWERED = (
    "ordered, and not answered within 10 s: the dispatcher of partition {partition} has not read "
    "it; the order stands, see `make status` and `seatline journal`"
)


def released_as_json(handled: Handled, *, dry_run: bool) -> dict[str, Any]:
    """Return what came of a release."""
    return {"contact": handled.subject, "place": handled.stood, **_common(handled, dry_run=dry_run)}


def released_as_text(report: Mapping[str, Any]) -> str:
    """Return it for people."""
    name, place = report["contact"], report["place"]
    if not report["changed"]:
        return f"{name} is in the bank already ({place}); nothing was ordered"
    if report["dry_run"]:
        return f"{name} is {place} in partition {report['partition']}; it would be handed back"
    if report["result"] is None:
        return _not_waited(report)
    return f"{name} was {place} and is handed back to the bank"


def ended_as_json(handled: Handled, *, dry_run: bool, interrupt: bool) -> dict[str, Any]:
    """Return what came of the end of a session."""
    return {
        "session": handled.subject,
        "activity": handled.stood,
        "interrupt": interrupt,
        **_common(handled, dry_run=dry_run),
    }


def ended_as_text(report: Mapping[str, Any]) -> str:
    """Return it for people."""
    name, activity = report["session"], str(report["activity"]).replace("_", " ")
    if not report["changed"]:
        nothing = "came of it" if report["answered"] else "was ordered"
        return f"{name} is not signed in; nothing {nothing}"
    if report["dry_run"]:
        return f"{name} is {activity} in partition {report['partition']}; it would be ended"
    if report["result"] is None:
        return _not_waited(report)
    return f"{name} {_end(report, activity)}"


def _end(report: Mapping[str, Any], activity: str) -> str:
    if report["result"] == "ended":
        return f"({activity}) is signed out"
    if report["interrupt"]:
        return (
            "has a number that may be shown any moment, which cannot be called off: it leaves when "
            "that is over; repeat the command in 20 s if it is on a call then"
        )
    return f"({activity}) leaves after its call; --interrupt ends the call now"


def _common(handled: Handled, *, dry_run: bool) -> dict[str, Any]:
    return {
        "ok": not handled.unanswered,
        "dry_run": dry_run,
        "changed": not (handled.is_so or (handled.answer and handled.answer.is_refused)),
        "partition": handled.partition,
        "answered": handled.answer is not None,
        "result": handled.answer.answer if handled.answer else None,
    }


def _not_waited(report: Mapping[str, Any]) -> str:
    if not report["ok"]:
        return UNANSWERED.format(partition=report["partition"])
    return f"ordered in partition {report['partition']}, and not waited for"

"""Owners, moves and skips, as JSON and as text."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from services.cli.domain.reigns import InputName, Reign
from services.cli.handlers.ownership import Moved, Skipped

LATELY_MS = 600_000


def owners_as_json(logs: Mapping[str, Mapping[int, Reign]]) -> dict[str, Any]:
    """Return who owns what; `ok` when every partition has an owner."""
    partitions = [
        {
            "log": log,
            "partition": number,
            "slot": reign.slot or None,
            "owned": reign.is_owned,
            "yielded_to": reign.yielded_to,
            "epoch": reign.epoch,
            "since": _time(reign.since_ms),
            "last_record": _time(reign.written_ms or None),
            "takeovers": sum(1 for at in reign.takeovers_ms if reign.written_ms - at < LATELY_MS),
        }
        for log, reigns in logs.items()
        for number, reign in reigns.items()
    ]
    return {"ok": all(each["owned"] for each in partitions), "partitions": partitions}


def owners_as_text(report: dict[str, Any]) -> str:
    """Return it for people."""
    lines = []
    for each in report["partitions"]:
        who = each["slot"] if each["owned"] else "nobody"
        line = f"{each['log']}/{each['partition']}  {who:14} epoch {each['epoch']}"
        line += f"  since {each['since'] or 'longer than was read'}"
        if each["takeovers"]:
            line += f"  {each['takeovers']} takeovers in ten minutes"
        if each["yielded_to"] is not None:
            line += f"  {each['slot']} gave it to {each['yielded_to'] or 'any slot'}"
        lines.append(line)
    return "\n".join(lines)


def moved_as_json(
    moved: Moved, log: str, partition: int, to_slot: str, *, dry_run: bool
) -> dict[str, Any]:
    """Return what came of a move."""
    after = moved.after
    return {
        "ok": not moved.why_not,
        "dry_run": dry_run,
        "changed": moved.changed,
        "log": log,
        "partition": partition,
        "from": moved.before.slot,
        "to": to_slot,
        "owner": after.slot if after is not None and after.is_owned else None,
        "undecided_ms": moved.undecided_ms,
        "why_not": moved.why_not or None,
    }


def moved_as_text(report: dict[str, Any]) -> str:
    """Return it for people."""
    what, to = f"{report['log']}/{report['partition']}", report["to"]
    if report["why_not"]:
        return f"{what} is not {to}'s: {report['why_not']}"
    if not report["changed"]:
        return f"{what} is {to}'s already"
    if report["dry_run"]:
        return f"{what} would go from {report['from']} to {to}"
    if report["undecided_ms"] is None:
        return f"{report['from']} was asked to give {what} to {to}"
    silent = f"nobody decided for {report['undecided_ms']} ms"
    return f"{what} went from {report['from']} to {to}; {silent}"


def skipped_as_json(skipped: Skipped, name: InputName, *, dry_run: bool) -> dict[str, Any]:
    """Return what came of a skip."""
    return {
        "ok": not skipped.why_not,
        "dry_run": dry_run,
        "waited": skipped.waited,
        "changed": skipped.changed,
        "input": str(name),
        "slot": skipped.slot or None,
        "why_not": skipped.why_not or None,
    }


def skipped_as_text(report: dict[str, Any]) -> str:
    """Return it for people."""
    what = report["input"]
    if report["why_not"]:
        return f"{what} was not skipped: {report['why_not']}"
    if not report["changed"]:
        return f"{what} is set aside already: it waits among the dead letters"
    if report["dry_run"]:
        return f"{report['slot']} would be asked to set {what} aside"
    done = "has set {} aside; it waits among the dead letters"
    told = done if report["waited"] else "was asked to set {} aside"
    return f"{report['slot']} {told.format(what)}"


def _time(at_ms: int | None) -> str | None:
    if at_ms is None:
        return None
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")

"""A story as JSON and as text."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Group
from rich.table import Table

from services.cli.domain.story import Detail, Story

_LIMIT = "_ms"


def as_json(kind: str, subject: str, story: Story) -> dict[str, Any]:
    """Return the story as plain values; times in the local zone."""
    return {
        "ok": bool(story.told),
        kind: subject,
        "place" if kind == "contact" else "activity": story.place,
        "waits_for": story.waits_for,
        "limits": _times(story.limits),
        "story": [
            {
                "at": time(told.at_ms),
                "release": told.release,
                "kind": told.kind,
                "text": told.text,
                "where": told.where,
                "recorded": told.recorded,
                "details": _times(told.details),
            }
            for told in story.told
        ],
    }


def as_text(report: dict[str, Any]) -> Group:
    """Return the story for people."""
    by_contact = "contact" not in report
    table = Table("at", "contact" if by_contact else "release", "what", "limits", "where", box=None)
    for told in report["story"]:
        limits = ", ".join(
            f"{name.removesuffix('_at')} {_beside(value, told['at'])}"
            for name, value in told["details"].items()
            if name.endswith("_at")
        )
        where = told["where"] + ("" if told["recorded"] else " (not recorded yet)")
        about = told["details"].get("contact_id") if by_contact else told["release"]
        table.add_row(told["at"], str(about or ""), told["text"], limits, where)
    place = report.get("place", report.get("activity"))
    until = "".join(f"\n  {name}: {value}" for name, value in report["limits"].items())
    return Group(table, "", f"now: {place}; waits for {report['waits_for']}{until}")


def _times(details: Mapping[str, Detail]) -> dict[str, Detail]:
    """Return the details, with each limit as a time: `dial_by_ms` becomes `dial_by_at`."""
    return {
        (name.removesuffix(_LIMIT) + "_at" if name.endswith(_LIMIT) else name): (
            time(value) if name.endswith(_LIMIT) and isinstance(value, int) else value
        )
        for name, value in details.items()
        if value not in (None, "")
    }


def _beside(limit: str, at: str) -> str:
    """Shorten a time to what it adds to another: its date only if that is another."""
    return limit[11:23] if limit[:10] == at[:10] else limit[:23]


def time(at_ms: int) -> str:
    """Return a time in the local zone."""
    local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone()
    return f"{local:%Y-%m-%d %H:%M:%S}.{at_ms % 1000:03d} {local:%Z}"

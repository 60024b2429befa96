"""An audit as JSON and as text."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table

from services.cli.domain.audit import Finding
from services.cli.domain.places import Place
from services.cli.handlers.audit import Audited

SHOWN_MAX = 20
"""Findings of a kind that the text names; the JSON names all that were kept."""


def as_json(audited: Audited, checked: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the report as plain values (`docs/interfaces.md`).

    Args:
        audited: What was counted.
        checked: What the independent checker found, if it was asked.
    """
    report = audited.report
    return {
        "ok": report.ok and (checked is None or checked["ok"]),
        **report.equation(),
        "doubled": report.doubled,
        "misrecorded": report.misrecorded,
        "unread": report.places[Place.UNREAD],
        "arrivals": report.arrivals,
        "foreign": audited.foreign_records,
        "places": {place.word: report.places[place] for place in Place if report.places[place]},
        "strays": [_finding(finding) for finding in report.strays],
        "doubles": [_finding(finding) for finding in report.doubles],
        "vector": {
            **{f"{t}/{p}": [read.offset, read.entry] for (t, p), read in audited.vector.items()},
            **{f"seatline.contacts.v1/{p}": end for p, end in audited.ends.contacts.items()},
            **{f"seatline.intake.v1/{f.partition}": f.end for f in audited.ends.foreign},
            **{f"seatline.dead.v1/{p}": end for p, end in audited.ends.dead.items()},
        },
        **({} if checked is None else {"deep": checked}),
    }


def as_text(report: dict[str, Any]) -> Group:
    """Return the report for people."""
    table = Table("place", "contacts", box=None)
    table.columns[1].justify = "right"
    for place, count in report["places"].items():
        table.add_row(place, f"{count:,}")
    names = ("finished", "refused", "held", "returned", "open", "lost")
    parts = " + ".join(f"{report[name]:,} {name}" for name in names)
    verdict = "clean" if _is_counted_clean(report) else "VIOLATED"
    lines = [
        f"{report['contacts']:,} contacts = {parts}",
        f"{report['doubled']:,} doubled, {report['misrecorded']:,} misrecorded: {verdict}",
        *_named("stray", report["strays"]),
        *_named("double", report["doubles"]),
        *_checked(report.get("deep")),
    ]
    return Group(table, "", *lines)


def _is_counted_clean(report: Mapping[str, Any]) -> bool:
    return not (report["lost"] or report["doubled"] or report["misrecorded"])


def _checked(deep: Mapping[str, Any] | None) -> list[str]:
    if deep is None:
        return []
    findings = deep["findings"]
    total = sum(deep["found"].values())
    lines = [f"{f['rule']} ({f['protocol']}): {f['story']}" for f in findings[:SHOWN_MAX]]
    if total > SHOWN_MAX:
        lines.append(f"and {total - SHOWN_MAX:,} more; --json names them")
    lines += [f"not judged: {what}" for what in deep["live"]["not_judged"]]
    verdict = "clean" if deep["ok"] else "VIOLATED"
    return [*lines, f"{deep['rules']} rules checked, {total:,} findings: {verdict}"]


def _named(kind: str, findings: list[dict[str, Any]]) -> list[str]:
    lines = [
        f"{kind} {finding['contact_id'] or '-'} release {finding['release']}: "
        f"{finding['why']} ({finding['at']})"
        for finding in findings[:SHOWN_MAX]
    ]
    if len(findings) > SHOWN_MAX:
        lines.append(f"and {len(findings) - SHOWN_MAX:,} more; --json names them")
    return lines


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "contact_id": finding.contact_id,
        "release": finding.release,
        "why": finding.why,
        "at": finding.at,
    }

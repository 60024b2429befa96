"""A report as JSON and as text."""

from dataclasses import asdict
from typing import Any

from tests.checker.check import Report
from tests.checker.findings import RULES, Finding

SHOWN_MAX = 20


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as plain values (`docs/interfaces.md`)."""
    return {
        "ok": report.ok,
        "bars_missed": [],
        "found": dict(sorted(report.findings.counts.items())),
        "findings": [_finding(finding) for finding in report.findings.kept],
        "rules": len(RULES),
        "records": report.records,
        "entries": report.entries,
        "fences": report.fences,
        "live": asdict(report.live),
        "snapshots": asdict(report.snapshots),
    }


def as_text(report: Report) -> str:
    """Return the report for people."""
    entries = ", ".join(f"{count:,} of {topic}" for topic, count in report.entries.items())
    live, kept = report.live, report.snapshots
    lines = [
        f"{len(RULES)} rules held against {entries or 'nothing'}",
        f"in memory: {live.contacts:,} contacts, {live.sessions:,} sessions of "
        f"{live.partitions} partitions",
        f"in {kept.snapshots:,} snapshots: {kept.contacts:,} contacts, {kept.sessions:,} sessions, "
        f"{kept.releases:,} remembered releases",
        *(f"not judged: {what}" for what in live.not_judged),
    ]
    for finding in report.findings.kept[:SHOWN_MAX]:
        places = " ".join(map(str, finding.about.places))
        lines.append(f"{finding.rule.name} ({finding.rule.number}): {finding.story} {places}")
    total = report.findings.counts.total()
    if total > SHOWN_MAX:
        lines.append(f"and {total - SHOWN_MAX:,} more; --json names them")
    lines.append("clean" if report.ok else f"VIOLATED: {total:,} findings")
    return "\n".join(lines)


def _finding(finding: Finding) -> dict[str, Any]:
    about = finding.about
    return {
        "rule": finding.rule.name,
        "protocol": finding.rule.number,
        "contact_id": about.contact_id,
        "release": about.release,
        "session_id": about.session_id,
        "at": [place._asdict() for place in about.places],
        "story": finding.story,
    }

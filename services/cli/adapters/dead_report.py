"""Dead letters and what was done with them, as JSON and as text."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Group
from rich.table import Table

from services.cli.adapters.original_fields import shown_fields
from services.cli.domain.dead import CONTACTS, INTAKE, RULINGS, Case, Deed
from services.cli.domain.requeue import Original, Plan, Sending
from services.cli.handlers.dead import Result

Json = dict[str, Any]


def listed(cases: Sequence[Case], limit: int) -> Json:
    """Return a list of letters: the newest of them, the newest last."""
    return {
        "ok": True,
        "total": len(cases),
        "by_reason": dict(Counter(case.letter.reason for case in cases).most_common()),
        "by_state": dict(Counter(case.state for case in cases).most_common()),
        "letters": [case_json(case) for case in cases[-limit:]],
    }


def listed_text(report: Json) -> Group:
    """Return the list for people."""
    columns = ("id", "since", "service", "input", "reason", "contact", "state", "may")
    table = Table(*columns, box=None)
    for letter in report["letters"]:
        about = f"{letter['reason']} {letter['field']}".rstrip()
        table.add_row(
            *(letter["id"], letter["since"], letter["service"], letter["input"]["place"]),
            *(about, letter["contact_id"], letter["state"], ", ".join(letter["may"])),
        )
    counts = ", ".join(f"{count:,} {reason}" for reason, count in report["by_reason"].items())
    lines = [f"{report['total']:,} letters" + (f": {counts}" if counts else "")]
    if report["total"] > len(report["letters"]):
        lines.append(f"the newest {len(report['letters']):,} are shown; --limit shows more")
    return Group(table, "", *lines)


def shown(case: Case, planned: Plan | None, original: Original | None) -> Json:
    """Return all that is known of a letter."""
    return {
        "ok": True,
        **case_json(case),
        "original": None if original is None else _original(case, original),
        "deeds": [deed_json(deed) for deed in case.deeds],
        "requeue": None if planned is None else _plan(planned),
    }


def shown_text(report: Json) -> str:
    """Return it for people."""
    lines = [
        f"letter {report['id']}: {report['service']} set {report['input']['place']} aside",
        f"since {report['since']}, told {report['letters']} times, {report['state']}",
        f"reason {report['reason']}" + (f", field {report['field']}" if report["field"] else ""),
    ]
    original = report["original"]
    if original is None:
        lines.append("original: gone from its topic, and not in the letter")
    else:
        lines.append(f"original: {original['bytes']} bytes")
        lines += [f"  {name}: {value}" for name, value in original["fields"].items()]
    for deed in report["deeds"]:
        to = f" to {deed['copy']['place']}" if deed["copy"] else ""
        lines.append(f"{deed['how']}{to} by {deed['by']} at {deed['at']}: {deed['why'] or '-'}")
    if report["requeue"] is not None:
        possible = report["requeue"]["possible"]
        lines.append(f"requeue: {'' if possible else 'refused: '}{report['requeue']['what']}")
    return "\n".join(lines)


def done(results: Sequence[Result], *, dry_run: bool) -> Json:
    """Return what came of a command."""
    return {
        "ok": not any(result.did == "refused" for result in results),
        "dry_run": dry_run,
        "did": dict(Counter(result.did for result in results)),
        "letters": [
            {
                "id": str(result.case.letter.id),
                "input": str(result.case.letter.input),
                "contact_id": result.case.letter.contact_id,
                "did": result.did,
                "text": result.text,
                "copy": None if result.copy is None else _copy(result.copy),
            }
            for result in results
        ],
    }


def done_text(report: Json) -> str:
    """Return it for people."""
    lines = [
        f"{letter['id']} {letter['did'].replace('_', ' ')}: {letter['text']}"
        + (f" ({letter['copy']['place']})" if letter["copy"] else "")
        for letter in report["letters"]
    ]
    return "\n".join(lines) or "no letter waits"


def case_json(case: Case) -> Json:
    """Return a letter and where it stands."""
    letter, source = case.letter, case.letter.input
    may = ["requeue", "drop"] if source.topic in (INTAKE, CONTACTS, RULINGS) else ["drop"]
    last = case.last
    return {
        "id": str(letter.id),
        "since": time(letter.at_ms),
        "since_ms": letter.at_ms,
        "service": letter.service,
        "input": {
            "topic": source.topic,
            "partition": source.partition,
            "offset": source.offset,
            "entry": source.entry,
            "place": str(source),
        },
        "reason": letter.reason,
        "field": letter.field,
        "contact_id": letter.contact_id,
        "letters": case.letters,
        "state": case.state,
        "by": "" if last is None else last.by,
        "why": "" if last is None else last.why,
        "may": may if case.waits else [],
    }


def deed_json(deed: Deed) -> Json:
    """Return what a hand did."""
    return {
        "at": time(deed.at_ms),
        "at_ms": deed.at_ms,
        "how": deed.how.value,
        "by": deed.by,
        "why": deed.why,
        "letter": str(deed.letter),
        "where": f"dead/{deed.at.partition}@{deed.at.offset}",
        "copy": None if deed.copy is None else _copy(deed.copy),
    }


def _copy(copy: Any) -> Json:
    return {
        "topic": copy.topic,
        "partition": copy.partition,
        "offset": copy.offset,
        "release": copy.release or None,
        "place": f"{copy.topic.split('.')[1]}/{copy.partition}@{copy.offset}",
    }


def _original(case: Case, original: Original) -> Json:
    fields = shown_fields(case.letter.input, original.value)
    times = {
        name.removesuffix("_ms"): time(value)
        for name, value in fields.items()
        if name.endswith("_ms")
    }
    kept = {name: value for name, value in fields.items() if not name.endswith("_ms")}
    return {"bytes": len(original.value), "fields": {**kept, **times}}


def _plan(planned: Plan) -> Json:
    if isinstance(planned, Sending):
        release = planned.release or None
        to = {"topic": planned.topic, "partition": planned.partition, "release": release}
        return {"possible": True, "what": planned.what, **to}
    return {"possible": False, "what": planned.why}


def time(at_ms: int) -> str:
    """Return a time in the local zone."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC).astimezone():%Y-%m-%d %H:%M:%S %Z}"

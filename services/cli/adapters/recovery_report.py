"""A recovery as JSON and as text (`docs/recovery.md`)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.cli.domain.recovery import Fate
from services.cli.handlers.recover import Assessment, State
from services.cli.ports.recovery import ByHand, Summary

SHOWN_MAX = 20

_FATES = {
    Fate.RELEASE: "called again, as new releases",
    Fate.LATER: "stay in the bank until they are due",
    Fate.HUMAN: "may have been talked to: only a human releases them",
    Fate.SENDER: "not known by their text: their senders have to send them again",
    Fate.NEVER: "never called again: over, or withdrawn",
}


def as_json(found: Assessment, done: Summary | None, *, dry_run: bool) -> dict[str, Any]:
    """Return what is known and what was done as plain values (`docs/interfaces.md`)."""
    begun, in_force = found.begun, found.in_force
    fates = found.fates if done is None else done.fates
    by_hand = found.by_hand if done is None else done.by_hand
    return {
        "ok": True,
        "dry_run": dry_run,
        "state": found.state.value if done is None else State.RECOVERED.value,
        "recorded": [
            {
                "topic": log.topic,
                "partition": log.partition,
                "records": log.records,
                "until": _iso(log.until),
            }
            for log in found.logs
        ],
        "send_again_since": _iso(found.send_again_since),
        "quiet_until": _iso(begun.quiet_until if begun else None),
        "orders": None
        if in_force is None
        else {
            "map_version": in_force.map_version,
            "policy_version": in_force.policy_version,
            "stops": [list(stop) for stop in in_force.stops],
            "closed": sorted(in_force.closed),
            "withdrawals": len(in_force.withdrawals),
            "differs": list(found.differs),
        },
        "contacts": found.contacts,
        "fates": {fate: dict(places) for fate, places in sorted(fates.items())},
        "released": done.released if done else 0,
        "waiting": done.waiting if done else 0,
        "next_due_at": _iso(done.next_due_at if done else None),
        "humans": [_hand(each) for each in by_hand if each.fate == Fate.HUMAN.value],
        "senders": [_hand(each) for each in by_hand if each.fate == Fate.SENDER.value],
    }


def as_text(report: Mapping[str, Any]) -> str:
    """Return it for people."""
    if report["state"] == State.NOTHING_LOST.value:
        return "nothing was lost: the logs are those that were recorded"
    lines = []
    if report["state"] == State.LOST.value:
        lines += _what_is_lost(report)
    lines += [
        f"{sum(places.values()):>9,}  {_FATES[Fate(fate)]}  ({_places(places)})"
        for fate, places in report["fates"].items()
    ]
    if report["state"] == State.LOST.value:
        lines.append("nothing was changed")
    else:
        lines.append(f"{report['released']:,} released, {report['waiting']:,} wait for their time")
        if report["next_due_at"]:
            lines.append(f"repeat this command from {report['next_due_at']} on to release more")
    lines += _named("for a human", report["humans"])
    lines += _named("for its sender", report["senders"])
    return "\n".join(lines)


def _what_is_lost(report: Mapping[str, Any]) -> list[str]:
    lines = [
        f"{log['topic']}/{log['partition']}: recorded until {log['until'] or 'nothing'}"
        for log in report["recorded"]
    ]
    lines += [
        "what Kafka acknowledged after that is lost: contacts, calls and opt-outs",
        f"senders have to send again what they sent since {report['send_again_since']}, not to be "
        f"called before {report['quiet_until']}; what is known already is refused as a duplicate",
    ]
    orders = report["orders"]
    if orders:
        lines.append(
            f"in force: map {orders['map_version']}, policy {orders['policy_version']}, "
            f"{len(orders['stops'])} stops, {len(orders['closed'])} centres closed, "
            f"{orders['withdrawals']:,} withdrawals"
        )
        differs = orders["differs"]
        lines += [f"  not as it was: {each}" for each in differs[:SHOWN_MAX]]
        if len(differs) > SHOWN_MAX:
            lines.append(f"  and {len(differs) - SHOWN_MAX:,} more differences; --json names them")
    return lines


def _places(places: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {place}" for place, count in sorted(places.items()))


def _named(kind: str, contacts: list[dict[str, Any]]) -> list[str]:
    lines = [
        f"{kind}: {each['contact_id']} release {each['release']}, {each['place']} since "
        f"{each['since']}"
        + (
            f" with session {each['session_id']} of {each['centre_id']}"
            if each["session_id"]
            else ""
        )
        + (f"; the desk said since: {each['said']}" if each["said"] else "")
        for each in contacts[:SHOWN_MAX]
    ]
    if len(contacts) > SHOWN_MAX:
        lines.append(f"and {len(contacts) - SHOWN_MAX:,} more {kind}; --json names them")
    return lines


def _hand(each: ByHand) -> dict[str, Any]:
    return {
        "contact_id": each.contact_id,
        "release": each.release,
        "place": each.place,
        "session_id": each.session_id,
        "centre_id": each.centre_id,
        "since": _iso(each.since),
        "said": each.said,
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")

"""Stops, as JSON and as text."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.cli.adapters.story_report import time
from services.cli.domain.scope import Scope
from services.cli.handlers.stop import Stopped
from services.cli.ports.orders import Standing, StopOrder


def as_json(stopped: Stopped) -> dict[str, Any]:
    """Return what came of a stop or its end."""
    wish, settled = stopped.wish, stopped.settled
    counted = settled is not None and stopped.changed and not wish.resume
    return {
        "ok": not stopped.missing and not stopped.offers_open,
        "dry_run": wish.dry_run,
        "action": "resume" if wish.resume else "stop",
        "scope": wish.scope.kind.value,
        "id": wish.scope.id,
        "changed": stopped.changed,
        "by": wish.signature.by,
        "why": wish.signature.why,
        "partitions": stopped.partitions,
        "applied": None if settled is None else sorted(settled.applied),
        "not_applied": stopped.missing,
        "offers": settled.offers if settled and counted else None,
        "offers_rescinded": settled.rescinded if settled and counted else None,
        "rescinded_within_ms": settled.rescinded_within_ms if settled and counted else None,
        "stops": [_stop(order) for order in stopped.stops],
    }


def as_text(report: Mapping[str, Any]) -> str:
    """Return it for people."""
    resume = report["action"] == "resume"
    name = _name(report)
    would = "would be " if report["dry_run"] else ""
    done = "resumed" if resume else "stopped"
    if not report["changed"]:
        lines = [f"{name} is {'not stopped' if resume else 'stopped already'}; nothing was ordered"]
    else:
        lines = [f"{name}: {would}{done} by {report['by']}, {report['why'] or 'no reason given'}"]
    if report["not_applied"]:
        waiting = ", ".join(str(number) for number in report["not_applied"])
        lines.append(
            f"not known to be in force in partitions {waiting}: their dispatchers have not said "
            "so; the order stands, see `make status` and repeat the command"
        )
    elif report["applied"] is not None:
        lines.append(f"in force in all {report['partitions']} partitions")
    elif report["changed"] and not report["dry_run"]:
        lines.append("not waited for: in force as soon as each dispatcher has read it")
    if report["offers"]:
        lines.append(_offers(report))
    return "\n".join([*lines, _stops(report["stops"])])


def standing_as_json(
    standing: Standing, applied: Mapping[Scope, frozenset[int]] | None
) -> dict[str, Any]:
    """Return the stops in force; `applied` is None when Postgres does not say."""
    numbers = range(standing.partitions)
    stops = []
    for order in standing.in_force:
        where = None if applied is None else applied.get(order.scope, frozenset())
        stops.append(
            {
                **_stop(order),
                "applied": None if where is None else sorted(where),
                "not_applied": [] if where is None else [n for n in numbers if n not in where],
            }
        )
    return {
        "ok": not any(stop["not_applied"] for stop in stops),
        "partitions": standing.partitions,
        "stops": stops,
    }


def standing_as_text(report: Mapping[str, Any]) -> str:
    """Return it for people."""
    if not report["stops"]:
        return _stops([])
    lines = []
    for stop in report["stops"]:
        if stop["applied"] is None:
            where = "where it is in force is not known: Postgres does not answer"
        elif stop["not_applied"]:
            where = f"not in force yet in partitions {', '.join(map(str, stop['not_applied']))}"
        else:
            where = f"in force in all {report['partitions']} partitions"
        why = stop["why"] or "no reason given"
        lines.append(f"{_name(stop)}  since {stop['at']}  by {stop['by']}: {why}  ({where})")
    return "\n".join(lines)


def _offers(report: Mapping[str, Any]) -> str:
    taken, all_of_them = report["offers_rescinded"], report["offers"]
    if taken < all_of_them:
        return f"open offers: {taken} of {all_of_them} taken back so far"
    within = report["rescinded_within_ms"]
    return f"open offers: all {taken} taken back, the last one {within} ms after the order"


def _stop(order: StopOrder) -> dict[str, Any]:
    return {
        "scope": order.scope.kind.value,
        "id": order.scope.id,
        "by": order.signature.by,
        "why": order.signature.why,
        "at": time(order.at_ms) if order.at_ms else None,
    }


def _name(report: Mapping[str, Any]) -> str:
    return "everything" if report["scope"] == "all" else f"{report['scope']} {report['id']}"


def _stops(stops: Sequence[Mapping[str, Any]]) -> str:
    if not stops:
        return "no stop is in force"
    return f"stops in force: {', '.join(map(_name, stops))}"

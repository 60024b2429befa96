"""Map orders and the map in use, as JSON and as text."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from services.cli.domain.policy import Policy
from services.cli.domain.seat_map import Problem
from services.cli.handlers.publish import Published
from services.cli.ports.maps import InUse


def refusal(file: Path, problems: Sequence[Problem]) -> str:
    """Return why a map is not published: every problem, with its row."""
    lines = "\n".join(f"  {problem.sentence}" for problem in problems)
    return f"{file}: {len(problems)} problems; nothing was published\n{lines}"


def as_json(published: Published, *, dry_run: bool) -> dict[str, Any]:
    """Return what came of a publication."""
    applied = published.applied
    return {
        "ok": not published.missing,
        "dry_run": dry_run,
        "changed": published.map_changed or published.policy_changed,
        "map_version": published.map_version,
        "map_changed": published.map_changed,
        "policy_version": published.policy_version,
        "policy_changed": published.policy_changed,
        "centres": published.centres,
        "seats": published.seats,
        "partitions": published.partitions,
        "applied": None if applied is None else sorted(applied),
        "not_applied": published.missing,
    }


def as_text(report: dict[str, Any]) -> str:
    """Return it for people."""
    would = "would be " if report["dry_run"] else ""
    lines = [
        f"{name} {report[f'{name}_version']}: "
        + (f"{would}published" if report[f"{name}_changed"] else "unchanged, already in use")
        for name in ("map", "policy")
    ]
    lines[0] += f" ({report['seats']} seats, {report['centres']} centres)"
    if report["not_applied"]:
        waiting = ", ".join(str(number) for number in report["not_applied"])
        lines.append(
            f"not in force yet in partitions {waiting}: their dispatchers have not read it; "
            "see `make status`"
        )
    elif report["applied"] is not None:
        lines.append(f"in force in all {report['partitions']} partitions")
    elif report["changed"] and not report["dry_run"]:
        lines.append("not waited for: in force as soon as each dispatcher has read it")
    return "\n".join(lines)


def in_use_as_json(in_use: InUse) -> dict[str, Any]:
    """Return what is in use."""
    seat_map = in_use.seat_map
    centres = seat_map.centres if seat_map else ()
    seats = Counter(seat.centre_id for seat in seat_map.seats) if seat_map else Counter[str]()
    return {
        "ok": True,
        "map_version": in_use.map_version,
        "policy_version": in_use.policy_version,
        "seats": seats.total(),
        "centres": [
            {
                "centre_id": centre.centre_id,
                "name": centre.name,
                "partition": centre.partition,
                "callers": centre.callers,
                "languages": list(centre.languages),
                "closed": centre.closed,
                "seats": seats[centre.centre_id],
            }
            for centre in centres
        ],
        "policy": _policy(in_use.policy) if in_use.policy else None,
    }


def in_use_as_text(report: dict[str, Any]) -> str:
    """Return what is in use for people."""
    if not report["map_version"]:
        return "no map is in use; publish one with `seatline map publish FILE`"
    lines = [
        f"map {report['map_version']}: {report['seats']} seats, {len(report['centres'])} centres"
    ]
    lines += [
        f"  {c['centre_id']} partition {c['partition']} seats {c['seats']} callers {c['callers']} "
        f"{';'.join(c['languages'])}{' closed' if c['closed'] else ''}  {c['name']}"
        for c in report["centres"]
    ]
    policy = report["policy"]
    if policy:
        lines.append(
            f"policy {report['policy_version']}: {policy['opens']} to {policy['closes']} "
            f"{policy['time_zone']}, wait at most {policy['max_wait_s']} s, wrap-up "
            f"{policy['wrap_up_s']} s, {policy['silence_windows']} silence windows"
        )
    return "\n".join(lines)


def _policy(policy: Policy) -> dict[str, Any]:
    return {
        "time_zone": policy.time_zone,
        "opens": _clock(policy.opens),
        "closes": _clock(policy.closes),
        "max_wait_s": int(policy.max_wait.total_seconds()),
        "wrap_up_s": int(policy.wrap_up.total_seconds()),
        "silence_windows": len(policy.silence_windows),
        "required": policy.required,
    }


def _clock(since_midnight: timedelta) -> str:
    minutes = int(since_midnight.total_seconds()) // 60
    return f"{minutes // 60:02d}:{minutes % 60:02d}"

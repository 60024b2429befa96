"""The fold of facts about contacts and of orders, as `facts.proto` describes each."""

from collections.abc import Callable
from typing import Any

from tests.checker import limits
from tests.checker.findings import Place
from tests.checker.floor import (
    AWAITING,
    CONFIRMED,
    GONE_CALL,
    OFFERED,
    ON_CALL,
    PAUSED,
    QUEUED,
    WRAP_UP,
    Floor,
    Release,
)
from tests.checker.history import Key, milliseconds
from tests.checker.sight import Sight

# --- a contact's way -----------------------------------------------------------------------------


def _queued(floor: Floor, seen: Sight) -> None:
    contact = seen.body.contact
    allow_until_ms = milliseconds(seen.body.allow_until)
    latest_ms = allow_until_ms - limits.LEASE_MS - limits.DIAL_WINDOW_MS
    wait_ms = (
        latest_ms if floor.max_wait_ms is None else min(seen.at_ms + floor.max_wait_ms, latest_ms)
    )
    release = Release(
        contact.contact_id,
        contact.release,
        contact.person_key,
        contact.campaign,
        seen.body.seat_id,
        seen.body.centre_id,
        allow_until_ms,
        seen.body.map_version,
        seen.body.policy_version,
        (-contact.priority, seen.at_ms),
        wait_ms,
        contact_hash(contact),
    )
    floor.releases[release.key] = release
    if seen.body.map_version > floor.map_version:
        floor.set_due(seen.at_ms + limits.MAP_WAIT_MS, AWAITING, release)
    else:
        floor.set_due(wait_ms, QUEUED, release)


def contact_hash(contact: Any) -> int:
    """Return what stands for a whole contact in memory."""
    return hash(contact.SerializeToString(deterministic=True))


def _move(floor: Floor, seen: Sight, to: str) -> Release:
    release = floor.releases[seen.body.attempt.contact_id, seen.body.attempt.release]
    release.place = to
    release.turn += 1
    return release


def _offered(floor: Floor, seen: Sight) -> None:
    release = _move(floor, seen, OFFERED)
    release.attempt = seen.body.attempt.attempt
    release.session_id = seen.body.session_id
    _bind(release, seen)
    release.offered_ms = seen.at_ms
    release.lease_until_ms = release.deadline_ms = milliseconds(seen.body.lease_until)
    session = floor.sessions.get(seen.body.session_id)
    if session is not None:
        session.holds = release.key
    floor.set_due(release.lease_until_ms, OFFERED, release)


def _bind(release: Release, seen: Sight) -> None:
    release.generation = seen.body.generation
    release.nonce = seen.body.nonce


def _offer_over(floor: Floor, seen: Sight) -> None:
    release = _move(floor, seen, QUEUED)
    release.session_id = ""
    _free(floor, seen.body.session_id)
    floor.set_due(release.wait_until_ms, QUEUED, release)


def _confirmed(floor: Floor, seen: Sight) -> None:
    release = _move(floor, seen, CONFIRMED)
    release.confirmed = seen.place
    _bind(release, seen)
    release.confirmed_ms = seen.at_ms
    release.dial_by_ms = release.deadline_ms = milliseconds(seen.body.dial_by)
    floor.set_due(release.dial_by_ms + limits.LATE_LOOK_MS, CONFIRMED, release)


def _dial_started(floor: Floor, seen: Sight) -> None:
    release = _move(floor, seen, ON_CALL)
    release.deadline_ms = seen.at_ms + limits.CALL_MS
    floor.set_due(release.deadline_ms, ON_CALL, release)
    session = floor.sessions.get(release.session_id)
    if session is not None and session.is_gone:
        floor.set_due(seen.at_ms + limits.GONE_GRACE_MS, GONE_CALL, release)


def _call_ended(floor: Floor, seen: Sight) -> None:
    release = _move(floor, seen, WRAP_UP)
    release.deadline_ms = milliseconds(seen.body.wrap_up_until)
    floor.set_due(release.deadline_ms, WRAP_UP, release)


def _ended(floor: Floor, seen: Sight) -> None:
    _left(floor, (seen.body.attempt.contact_id, seen.body.attempt.release), seen.place)


def _returned(floor: Floor, seen: Sight) -> None:
    _left(floor, (seen.body.contact_id, seen.body.release), seen.place)


def _left(floor: Floor, key: Key, place: Place) -> None:
    release = floor.releases.pop(key)
    floor.left[key] = place
    if release.session_id:
        _free(floor, release.session_id)


def _free(floor: Floor, session_id: str) -> None:
    session = floor.sessions.get(session_id)
    if session is not None:
        session.holds = None
        if session.paused_until_ms is not None:
            floor.set_due(session.paused_until_ms, PAUSED, session)


# --- orders --------------------------------------------------------------------------------------


def _map_applied(floor: Floor, seen: Sight) -> None:
    for release in floor.releases.values():
        if floor.map_version < release.map_version <= seen.body.version:
            release.turn += 1
            floor.set_due(max(seen.at_ms, release.wait_until_ms), QUEUED, release)
    floor.map_version = seen.body.version


def _policy_applied(floor: Floor, seen: Sight) -> None:
    floor.policy_version = seen.body.version
    if seen.body.required:
        floor.required_version = seen.body.version
    floor.max_wait_ms = milliseconds(seen.body.max_wait)
    floor.wrap_up_ms = milliseconds(seen.body.wrap_up)


def _stop_applied(floor: Floor, seen: Sight) -> None:
    floor.stops.add((seen.body.scope, seen.body.id))


def _stop_lifted(floor: Floor, seen: Sight) -> None:
    floor.stops.discard((seen.body.scope, seen.body.id))


def _withdrawal_applied(floor: Floor, seen: Sight) -> None:
    floor.withdrawn.add(seen.body.contact_id or seen.body.person_key)


def _withdrawal_forgotten(floor: Floor, seen: Sight) -> None:
    floor.withdrawn.discard(seen.body.contact_id or seen.body.person_key)


FOLDS: dict[str, Callable[[Floor, Sight], None]] = {
    "queued": _queued,
    "offered": _offered,
    "offer_expired": _offer_over,
    "offer_declined": _offer_over,
    "offer_rescinded": _offer_over,
    "confirmed": _confirmed,
    "dial_started": _dial_started,
    "call_ended": _call_ended,
    "ended": _ended,
    "returned": _returned,
    "map_applied": _map_applied,
    "policy_applied": _policy_applied,
    "stop_applied": _stop_applied,
    "stop_lifted": _stop_lifted,
    "withdrawal_applied": _withdrawal_applied,
    "withdrawal_forgotten": _withdrawal_forgotten,
}

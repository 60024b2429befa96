"""Which fact may follow which: a fact that these object to is not applied.

Asked in the order of `MOVES`; the first objection stands.
"""

from typing import Any

from seatline.facts.v1 import facts_pb2
from tests.checker.findings import Judgement, rule
from tests.checker.floor import CONFIRMED, OFFERED, ON_CALL, QUEUED, WRAP_UP
from tests.checker.sight import MOVING, Sight

Reason = facts_pb2.EndReason

FROM: dict[str, frozenset[str]] = {
    "offered": frozenset({QUEUED}),
    "offer_expired": frozenset({OFFERED}),
    "offer_declined": frozenset({OFFERED}),
    "offer_rescinded": frozenset({OFFERED}),
    "confirmed": frozenset({OFFERED}),
    "dial_started": frozenset({CONFIRMED}),
    "call_ended": frozenset({ON_CALL}),
    "returned": frozenset({QUEUED}),
}
"""Where a contact is before each fact (rules 4.3 and 4.5)."""

ENDS_FROM: dict[Any, frozenset[str]] = {
    Reason.END_REASON_OUTCOME: frozenset({ON_CALL, WRAP_UP}),
    Reason.END_REASON_NOT_GIVEN: frozenset({WRAP_UP}),
    Reason.END_REASON_INTERRUPTED: frozenset({ON_CALL}),
    Reason.END_REASON_NEVER_DIALLED: frozenset({CONFIRMED, ON_CALL}),
    Reason.END_REASON_WITHDRAWN: frozenset({QUEUED, CONFIRMED, ON_CALL}),
    Reason.END_REASON_STOPPED: frozenset({CONFIRMED, ON_CALL}),
    Reason.END_REASON_UNREADABLE: frozenset({CONFIRMED, ON_CALL}),
}
"""Where a contact is before each end; from a call, only by the word of the gateway (rule 4.5)."""


@rule("promise 1, 3.3")
def queued_twice(seen: Sight) -> str | None:
    """A release is queued once."""
    again = seen.kind == "queued" and not seen.is_first_queueing
    return f"{seen.name} is queued again" if again else None


@rule("promise 1")
def moved_after_end(seen: Sight) -> str | None:
    """A release has one end or return, and nothing moves it after that."""
    if seen.key is None or seen.kind == "queued" or seen.key not in seen.floor.left:
        return None
    return f"{seen.name} left at {seen.floor.left[seen.key]}, and then: {seen.kind}"


@rule("promise 1")
def moved_unqueued(seen: Sight) -> str | None:
    """Nothing moves a release that was never queued."""
    if seen.key is None or seen.kind == "queued" or seen.release is not None:
        return None
    return f"{seen.name}: {seen.kind}, and it was never queued"


@rule("promise 2, 4.5")
def confirmed_twice(seen: Sight) -> str | None:
    """A release is confirmed at most once."""
    release = seen.release
    if seen.kind != "confirmed" or release is None or release.confirmed is None:
        return None
    first = f"at {release.confirmed} to {release.session_id}"
    return f"{seen.name} was confirmed {first}, and again to {seen.session_id}"


@rule("promise 2, 4.5")
def two_desks(seen: Sight) -> str | None:
    """A contact is with one session at a time."""
    release = seen.release
    if seen.kind not in MOVING or release is None or not release.session_id:
        return None
    if seen.session_id in ("", release.session_id):
        return None
    return f"{seen.name} is with {release.session_id}, and {seen.kind} names {seen.session_id!r}"


@rule("promise 2, 4.5")
def desk_with_two_contacts(seen: Sight) -> str | None:
    """A session has one contact at a time."""
    session = seen.session
    if seen.kind != "offered" or session is None or session.holds in (None, seen.key):
        return None
    return f"{seen.session_id} has {session.holds}, and is offered {seen.name}"


@rule("promise 2, 5.1")
def unsealed_without_confirm(seen: Sight) -> str | None:
    """Only a confirm in the log permits to show the number."""
    release = seen.release
    if seen.kind != "dial_started" or release is None or release.confirmed is not None:
        return None
    return f"{seen.name} is dialled by {seen.session_id} from {release.place!r}, never confirmed"


@rule("4.3, 4.5")
def out_of_turn(seen: Sight) -> str | None:
    """Each fact follows from the place that its contact is in, and names the attempt under way."""
    release = seen.release
    if release is None:
        return None
    allowed = ENDS_FROM.get(seen.body.reason) if seen.kind == "ended" else FROM.get(seen.kind)
    if allowed is None or release.place not in allowed:
        return f"{seen.name} is {release.place}, and then: {seen.kind}"
    if seen.kind not in ("offered", "returned") and seen.session_id != release.session_id:
        return f"{seen.name} is with {release.session_id}, and {seen.kind} names nobody"
    wanted = release.attempt + (seen.kind == "offered")
    if seen.attempt is not None and seen.attempt.number != wanted:
        return f"{seen.name}: {seen.kind} of attempt {seen.attempt.number}, not {wanted}"
    return None


@rule("promise 3, 4.6")
def unknown_session(seen: Sight) -> str | None:
    """Facts name sessions that have signed in; one that leaves has no contact."""
    session = seen.session
    needs_one = seen.kind in ("offered", "confirmed") or seen.kind.startswith("session_")
    if session is None or not session.is_signed_in:
        is_left = needs_one or seen.kind == "signed_out"
        return f"{seen.kind}: {seen.session_id} is not signed in" if is_left else None
    if seen.kind == "signed_out" and session.holds is not None:
        return f"{seen.session_id} is signed out, and has {session.holds}"
    return None


MOVES: tuple[Judgement, ...] = (
    queued_twice,
    moved_after_end,
    moved_unqueued,
    confirmed_twice,
    two_desks,
    unsealed_without_confirm,
    desk_with_two_contacts,
    out_of_turn,
    unknown_session,
)

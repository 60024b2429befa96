"""What each fact must say, and what must be true when it is said; all of these are asked."""

from seatline.facts.v1 import facts_pb2, session_pb2
from tests.checker import limits
from tests.checker.findings import Judgement, rule
from tests.checker.floor import CONFIRMED, ON_CALL
from tests.checker.history import milliseconds
from tests.checker.presence import agrees_wrongly
from tests.checker.sight import Sight

Reason = facts_pb2.EndReason
_ALLOTS = ("offered", "confirmed")
_SPENT = (
    Reason.END_REASON_OUTCOME,
    Reason.END_REASON_NOT_GIVEN,
    Reason.END_REASON_INTERRUPTED,
)
_BY_HAND = {
    ("returned", facts_pb2.RETURN_REASON_BY_HAND): "release_contact",
    ("signed_out", session_pb2.SIGN_OUT_REASON_ENDED): "end_session",
    ("session_draining", session_pb2.DRAIN_REASON_ENDED): "end_session",
}
_BY_GATEWAY = (
    Reason.END_REASON_WITHDRAWN,
    Reason.END_REASON_STOPPED,
    Reason.END_REASON_UNREADABLE,
    Reason.END_REASON_NEVER_DIALLED,
)


@rule("promise 4, 2.2")
def offer_after_allow_until(seen: Sight) -> str | None:
    """An offer leaves its lease and the time to dial before the contact's allow-until."""
    release = seen.release
    if seen.kind != "offered" or release is None:
        return None
    over_ms = milliseconds(seen.body.lease_until) + limits.DIAL_WINDOW_MS - release.allow_until_ms
    if over_ms <= 0:
        return None
    return f"{seen.name} is offered to {seen.session_id} {over_ms} ms too late for its allow-until"


@rule("promise 3, 2.2")
def limit_too_far(seen: Sight) -> str | None:
    """No lease, dial-by or wrap-up lasts longer than its limit, and none ends before it begins."""
    floor, body = seen.floor, seen.body
    if seen.kind == "offered":
        name, until_ms, limit_ms = "lease", milliseconds(body.lease_until), limits.LEASE_MS
    elif seen.kind == "confirmed":
        name, until_ms, limit_ms = "dial_by", milliseconds(body.dial_by), limits.DIAL_WINDOW_MS
    elif seen.kind == "call_ended" and floor.wrap_up_ms is not None:
        name, until_ms, limit_ms = "wrap-up", milliseconds(body.wrap_up_until), floor.wrap_up_ms
    else:
        return None
    if seen.at_ms <= until_ms <= seen.at_ms + limit_ms:
        return None
    return f"{seen.name}: its {name} ends {until_ms - seen.at_ms} ms after it began"


@rule("promise 4, 2.2")
def dial_by_after_allow_until(seen: Sight) -> str | None:
    """The time to dial is capped by allow-until."""
    release = seen.release
    if seen.kind != "confirmed" or release is None:
        return None
    over_ms = milliseconds(seen.body.dial_by) - release.allow_until_ms
    return f"{seen.name} may be dialled {over_ms} ms after allow-until" if over_ms > 0 else None


@rule("4.5")
def accepted_after_lease(seen: Sight) -> str | None:
    """A confirm follows an accept of this session, appended within the lease."""
    release, heard = seen.release, seen.heard
    if seen.kind != "confirmed" or release is None or not heard.is_whole:
        return None
    accepted_ms = heard.accepted.get(seen.said)
    if accepted_ms is None:
        return f"{seen.name} is confirmed to {seen.session_id}, who never accepted it"
    late_ms = accepted_ms - release.lease_until_ms
    return f"{seen.name} was accepted {late_ms} ms after its lease" if late_ms > 0 else None


@rule("4.5, 4.6")
def wrong_binding(seen: Sight) -> str | None:
    """Offer and confirm name the session's newest generation and stream nonce."""
    session = seen.session
    if seen.kind not in _ALLOTS or session is None:
        return None
    if (seen.body.generation, seen.body.nonce) == (session.generation, session.nonce):
        return None
    named, newest = f"generation {seen.body.generation}", f"{session.generation} or its nonce"
    return f"{seen.name}: {seen.kind} names {named} of {seen.session_id}, not {newest}"


@rule("4.6")
def generation_falls(seen: Sight) -> str | None:
    """A session's generation rises with each binding, and no nonce binds it twice."""
    session = seen.session
    if seen.kind != "signed_in" or session is None:
        return None
    if seen.body.generation <= session.generation:
        rise = f"from {session.generation} to {seen.body.generation}"
        return f"{seen.session_id}: its generation goes {rise}"
    is_repeated = seen.body.nonce in session.nonces
    return f"{seen.session_id} is bound again by a nonce already seen" if is_repeated else None


@rule("promise 3, 4.7")
def offered_to_absent(seen: Sight) -> str | None:
    """An offer goes to a session that is ready and present."""
    session = seen.session
    if seen.kind != "offered" or session is None or session.is_ready:
        return None
    return f"{seen.name} is offered to {seen.session_id}, who is away, on a break or leaving"


@rule("promise 4, 4.3")
def called_though_forbidden(seen: Sight) -> str | None:
    """Who was withdrawn or is covered by a stop is neither offered nor confirmed."""
    release = seen.release
    if seen.kind not in _ALLOTS or release is None:
        return None
    if seen.floor.withdrawn & {release.person_key, release.contact_id}:
        return f"{seen.name} was withdrawn here, and is {seen.kind} to {seen.session_id}"
    stops = seen.floor.covering_stops(release)
    return f"{seen.name} is stopped here, and is {seen.kind}" if stops else None


@rule("4.2")
def offered_before_its_map(seen: Sight) -> str | None:
    """A contact that was ruled under a map not applied here waits unoffered."""
    release = seen.release
    if seen.kind != "offered" or release is None:
        return None
    if release.map_version <= seen.floor.map_version:
        return None
    versions = f"under map {release.map_version}; in force is {seen.floor.map_version}"
    return f"{seen.name} is offered, ruled {versions}"


@rule("promise 2, 5.1")
def unsealed_late(seen: Sight) -> str | None:
    """A number counts as shown only by an announcement appended before `dial_by`."""
    release, heard = seen.release, seen.heard
    if seen.kind != "dial_started" or release is None or not heard.is_whole:
        return None
    announced_ms = heard.unsealing.get(seen.said)
    if announced_ms is None:
        return f"{seen.name} is dialled by {seen.session_id}, and no gateway announced it"
    late_ms = announced_ms - release.dial_by_ms
    return f"{seen.name} was announced {late_ms} ms after dial_by" if late_ms >= 0 else None


@rule("promise 2, 4.5")
def never_dialled_too_early(seen: Sight) -> str | None:
    """`never_dialled` comes a second behind `dial_by`, of what nobody announced."""
    release, heard = seen.release, seen.heard
    if seen.kind != "ended" or seen.body.reason != Reason.END_REASON_NEVER_DIALLED:
        return None
    if release is None or release.place != CONFIRMED:
        return None
    if seen.said in heard.not_unsealed:
        return None
    announced_ms = None if seen.said in heard.undated else heard.unsealing.get(seen.said)
    if announced_ms is not None and announced_ms < release.dial_by_ms:
        return f"{seen.name} ended never_dialled, and was announced in time"
    early_ms = release.dial_by_ms + limits.LATE_LOOK_MS - seen.at_ms
    return f"{seen.name} ended never_dialled {early_ms} ms too early" if early_ms > 0 else None


@rule("4.3")
def taken_back_after_unsealing(seen: Sight) -> str | None:
    """After unsealing the call stands, unless its gateway says that nothing was shown."""
    release, heard = seen.release, seen.heard
    if seen.kind != "ended" or seen.body.reason not in _BY_GATEWAY or release is None:
        return None
    if release.place != ON_CALL or not heard.is_whole or seen.said in heard.not_unsealed:
        return None
    reason = Reason.Name(seen.body.reason)
    return f"{seen.name} is on call and ends {reason}, without a word of its gateway"


@rule("4.5")
def end_without_not_before(seen: Sight) -> str | None:
    """Every end after a confirm but `never_dialled` says from when on a release is safe."""
    release, body = seen.release, seen.body
    if seen.kind != "ended" or release is None:
        return None
    wanted_ms = None
    if release.confirmed is not None and body.reason != Reason.END_REASON_NEVER_DIALLED:
        wanted_ms = release.dial_by_ms + limits.DESK_SILENCE_MS + limits.CALL_MS
    said_ms = milliseconds(body.not_before) if body.HasField("not_before") else None
    if said_ms != wanted_ms:
        return f"{seen.name} ends with not_before {said_ms}, and should with {wanted_ms}"
    if body.attempt_spent != (body.reason in _SPENT):
        return f"{seen.name} ends with attempt_spent {body.attempt_spent}"
    return None


@rule("4.9")
def by_no_hand(seen: Sight) -> str | None:
    """What is said to be an operator's doing, that operator has ordered."""
    command = _BY_HAND.get((seen.kind, getattr(seen.body, "reason", 0)))
    if command is None or not seen.heard.is_whole:
        return None
    subject = seen.key[0] if seen.key is not None else seen.session_id
    by = seen.body.signature.by
    if (command, subject, by) in seen.heard.ordered:
        return None
    return f"{seen.kind} of {subject} is by {by!r}, and no such {command} was given"


CALLS: tuple[Judgement, ...] = (
    offer_after_allow_until,
    limit_too_far,
    dial_by_after_allow_until,
    accepted_after_lease,
    wrong_binding,
    generation_falls,
    agrees_wrongly,
    offered_to_absent,
    called_though_forbidden,
    offered_before_its_map,
    unsealed_late,
    never_dialled_too_early,
    taken_back_after_unsealing,
    end_without_not_before,
    by_no_hand,
)

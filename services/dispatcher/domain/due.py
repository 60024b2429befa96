"""What time and orders bring: what outstays the limit of its state is moved on with a reason."""

import heapq
from collections.abc import Callable, Sequence
from typing import Any

from services.dispatcher.domain import facts
from services.dispatcher.domain.facts import Fact
from services.dispatcher.domain.floor import Floor, LiveContact, Session
from services.dispatcher.domain.leaving import end, leave, rescind_and_leave
from services.dispatcher.domain.moment import Moment
from services.dispatcher.domain.sessions import leave_centre
from services.dispatcher.domain.timers import Timer, TimerKind
from services.dispatcher.domain.words import (
    NOT_ANSWERING,
    Activity,
    DrainReason,
    EndReason,
    Place,
    Presence,
    RescindReason,
    ReturnReason,
    SignOutReason,
)

_LOOK_AGAIN_MS = 100


def next_leaving(floor: Floor, moment: Moment) -> Sequence[Fact]:
    """Work off one contact or session that an order touched (rule 1.7)."""
    for key, reason in floor.leaving.items():
        live = floor.contacts[key]
        if live.place is Place.OFFERED:
            return rescind_and_leave(floor, live, reason, moment)
        return leave(live, reason, moment)
    for session_id in floor.emptying:
        return leave_centre(floor, floor.sessions[session_id])
    return ()


def next_timer(floor: Floor, moment: Moment) -> Sequence[Fact]:
    """Return what the earliest timer that is due leads to; timers without a reason are dropped."""
    while floor.timers and floor.timers[0].at_ms <= moment.now_ms:
        timer = floor.timers[0]
        decided = _LOOKS[timer.kind](floor, timer.key, moment)
        if decided is None:
            _look_again(floor, timer, moment)
        elif decided:
            return decided
        else:
            heapq.heappop(floor.timers)
    return ()


def next_forgotten(floor: Floor, moment: Moment) -> Sequence[Fact]:
    """Rule 4.4: a withdrawal is forgotten when no ruling from before it can come any more."""
    while floor.forgettable:
        at_ms, name = floor.forgettable[0]
        if moment.spread_read_to_ms < at_ms + floor.limits.forget_ms:
            return ()
        found = floor.withdrawn.get(name)
        if found is None or found[1] != at_ms:  # repeated since: the later one counts
            floor.forgettable.popleft()
        elif isinstance(name, str):
            return (facts.WithdrawalForgotten(b"", name),)
        else:
            return (facts.WithdrawalForgotten(name, ""),)
    return ()


def _look_again(floor: Floor, timer: Timer, moment: Moment) -> None:
    """Put a timer off whose reason stands but whose proof is not there yet."""
    at_ms = moment.now_ms + _LOOK_AGAIN_MS
    heapq.heapreplace(floor.timers, timer._replace(at_ms=at_ms))


# Each look returns facts, () when there is no reason any more, or None to look again soon.


def _in_place(floor: Floor, key: tuple[str, int], place: Place, now_ms: int) -> LiveContact | None:
    live = floor.contacts.get(key)
    if live is None or live.place is not place or live.deadline_ms > now_ms:
        return None
    return live


def _lease(floor: Floor, key: tuple[str, int], moment: Moment) -> Sequence[Fact] | None:
    live = _in_place(floor, key, Place.OFFERED, moment.now_ms)
    if live is None:
        return ()
    session = floor.sessions[live.session_id]
    expired: list[Fact] = [facts.OfferExpired(live.current, live.session_id, live.nonce)]
    if session.misses + 1 >= floor.limits.misses_of_caller_max:
        until_ms = moment.written_at_ms + floor.limits.not_answering_ms
        expired.append(
            facts.SessionPaused(session.session_id, session.nonce, NOT_ANSWERING, until_ms)
        )
    if live.misses + 1 >= floor.limits.misses_of_contact_max:
        expired.extend(leave(live, ReturnReason.MISSED, moment))
    return expired


def _dial_by(floor: Floor, key: tuple[str, int], moment: Moment) -> Sequence[Fact] | None:
    """Rule 4.5: `never_dialled` only after commands were read a second behind `dial_by`."""
    live = _in_place(floor, key, Place.CONFIRMED, moment.now_ms)
    if live is None:
        return ()
    if moment.paced_read_to_ms < live.deadline_ms + floor.limits.late_look_ms:
        return None
    return end(floor, live, EndReason.NEVER_DIALLED)


def _call(floor: Floor, key: tuple[str, int], moment: Moment) -> Sequence[Fact] | None:
    live = _in_place(floor, key, Place.ON_CALL, moment.now_ms)
    return () if live is None else end(floor, live, EndReason.INTERRUPTED)


def _wrap_up(floor: Floor, key: tuple[str, int], moment: Moment) -> Sequence[Fact] | None:
    live = _in_place(floor, key, Place.WRAP_UP, moment.now_ms)
    return () if live is None else end(floor, live, EndReason.NOT_GIVEN)


def _wait(floor: Floor, key: tuple[str, int], moment: Moment) -> Sequence[Fact] | None:
    live = floor.contacts.get(key)
    if live is None or not live.waiting or live.wait_until_ms > moment.now_ms:
        return ()
    time_over_ms = live.allow_until_ms - floor.limits.time_to_dial_ms
    over = live.wait_until_ms >= time_over_ms
    return leave(live, ReturnReason.TIME_OVER if over else ReturnReason.MAX_WAIT, moment)


def _map(floor: Floor, key: tuple[str, int], moment: Moment) -> Sequence[Fact] | None:
    if key not in floor.awaiting:
        return ()
    return leave(floor.contacts[key], ReturnReason.MAP_AWAITED, moment)


def _pause(floor: Floor, session_id: str, moment: Moment) -> Sequence[Fact] | None:
    session = floor.sessions[session_id]
    if session.activity is not Activity.PAUSED or session.deadline_ms > moment.now_ms:
        return ()
    return (
        facts.SessionDraining(session_id, session.nonce, DrainReason.PAUSED_TOO_LONG),
        facts.SignedOut(session_id, session.nonce, SignOutReason.DRAINED),
    )


def _suspect(floor: Floor, session_id: str, moment: Moment) -> Sequence[Fact] | None:
    session = floor.sessions[session_id]
    since_ms = moment.now_ms - session.suspect_at_ms
    if session.presence is not Presence.SUSPECT or since_ms < floor.limits.suspect_ms:
        return ()
    return _gone(floor, session)


def _gone(floor: Floor, session: Session) -> Sequence[Fact]:
    signed_out = facts.SignedOut(session.session_id, session.nonce, SignOutReason.GONE)
    live = floor.contact_of(session)
    if live is None:
        return (signed_out,)
    if live.place is Place.OFFERED:
        taken_back = facts.OfferRescinded(
            live.current, live.session_id, live.nonce, RescindReason.SESSION_GONE
        )
        return (taken_back, signed_out)
    return (facts.SessionGone(session.session_id, session.nonce),)


def _grace(floor: Floor, session_id: str, moment: Moment) -> Sequence[Fact] | None:
    session = floor.sessions[session_id]
    since_ms = moment.now_ms - session.gone_at_ms
    if session.presence is not Presence.GONE or since_ms < floor.limits.gone_grace_ms:
        return ()
    live = floor.contact_of(session)
    if live is None or live.place is not Place.ON_CALL:
        return ()  # dial_by and the wrap-up's ceiling have timers of their own
    return end(floor, live, EndReason.INTERRUPTED)


def _gateway(floor: Floor, boot_id: bytes, moment: Moment) -> Sequence[Fact] | None:
    seen_ms = floor.gateways.get(boot_id)
    if seen_ms is None:
        return ()
    silent = moment.now_ms - seen_ms >= floor.limits.gateway_silence_ms
    if silent and not moment.behind:
        return (facts.GatewayLost(boot_id),)
    return None


_LOOKS: dict[TimerKind, Callable[[Floor, Any, Moment], Sequence[Fact] | None]] = {
    TimerKind.LEASE: _lease,
    TimerKind.DIAL_BY: _dial_by,
    TimerKind.CALL: _call,
    TimerKind.WRAP_UP: _wrap_up,
    TimerKind.WAIT: _wait,
    TimerKind.MAP: _map,
    TimerKind.PAUSE: _pause,
    TimerKind.SUSPECT: _suspect,
    TimerKind.GRACE: _grace,
    TimerKind.GATEWAY: _gateway,
}

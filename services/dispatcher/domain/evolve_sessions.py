"""The fold of facts about caller sessions and gateways."""

from collections.abc import Callable
from typing import Any

from services.dispatcher.domain import evolve_bindings, facts
from services.dispatcher.domain.floor import Floor, Session
from services.dispatcher.domain.timers import TimerKind
from services.dispatcher.domain.words import Activity, Presence


def free(floor: Floor, session: Session, at_ms: int) -> None:
    """Let a session go on after its contact: ready, on the break it asked for, or leaving."""
    session.contact = None
    session.idle_since_ms = at_ms
    if session.draining:
        session.activity = Activity.DRAINING
    elif session.pausing is not None:
        reason, until_ms = session.pausing
        session.pausing = None
        _begin_pause(floor, session, reason, until_ms)
    else:
        session.activity = Activity.AVAILABLE
        floor.make_idle(session)


def _begin_pause(floor: Floor, session: Session, reason: str, until_ms: int) -> None:
    del reason  # kept by the log, for people
    session.activity = Activity.PAUSED
    session.deadline_ms = until_ms
    session.misses = 0
    floor.set_timer(until_ms, TimerKind.PAUSE, session.session_id)


def _signed_in(floor: Floor, fact: facts.SignedIn, at_ms: int) -> None:
    session = floor.sessions.get(fact.session_id)
    if session is None:
        session = floor.sessions[fact.session_id] = Session(fact.session_id, fact.centre_id)
    floor.make_busy(session)
    evolve_bindings.leaves(floor, session, at_ms)
    floor.by_nonce.pop(session.nonce, None)
    floor.by_nonce[fact.nonce] = fact.session_id
    if session.activity is not fact.activity and fact.activity is Activity.AVAILABLE:
        session.idle_since_ms = at_ms
    session.centre_id = fact.centre_id
    session.languages = fact.languages
    session.generation = fact.generation
    session.boot_id = fact.boot_id
    session.nonce = fact.nonce
    session.nonces = (fact.nonce, *session.nonces)[: floor.limits.nonces_kept]
    session.bound_ordinal = floor.ordinal
    session.activity = fact.activity
    session.presence = Presence.PRESENT
    live = floor.contact_of(session)
    if live is not None:
        live.nonce = fact.nonce  # who is told; `live.generation` stays that of the confirm
    if fact.boot_id not in floor.gateways:
        _gateway_seen(floor, facts.GatewaySeen(fact.boot_id), at_ms)
    else:
        evolve_bindings.joins(floor, session, at_ms)
    floor.make_idle(session)


def _signed_out(floor: Floor, fact: facts.SignedOut, at_ms: int) -> None:
    session = floor.sessions[fact.session_id]
    floor.make_busy(session)
    evolve_bindings.leaves(floor, session, at_ms)
    floor.by_nonce.pop(session.nonce, None)
    floor.emptying.pop(session.session_id, None)
    session.activity = Activity.OFFLINE
    session.presence = Presence.PRESENT
    session.contact = None
    session.draining = False
    session.pausing = None
    session.misses = 0


def _paused(floor: Floor, fact: facts.SessionPaused, at_ms: int) -> None:
    del at_ms
    session = floor.sessions[fact.session_id]
    if session.contact is not None:
        session.pausing = (fact.reason, fact.until_ms)
        return
    floor.make_busy(session)
    _begin_pause(floor, session, fact.reason, fact.until_ms)


def _available(floor: Floor, fact: facts.SessionAvailable, at_ms: int) -> None:
    session = floor.sessions[fact.session_id]
    session.pausing = None
    if session.contact is None:
        session.activity = Activity.AVAILABLE
        session.idle_since_ms = at_ms
        floor.make_idle(session)


def _draining(floor: Floor, fact: facts.SessionDraining, at_ms: int) -> None:
    del at_ms
    session = floor.sessions[fact.session_id]
    floor.emptying.pop(session.session_id, None)
    floor.make_busy(session)
    session.draining = True
    if session.contact is None:
        session.activity = Activity.DRAINING


def _gone(floor: Floor, fact: facts.SessionGone, at_ms: int) -> None:
    session = floor.sessions[fact.session_id]
    session.presence = Presence.GONE
    session.gone_at_ms = at_ms
    floor.set_timer(at_ms + floor.limits.gone_grace_ms, TimerKind.GRACE, session.session_id)


def _suspect(floor: Floor, session: Session, at_ms: int, *, by_gateway: bool) -> None:
    if session.activity is Activity.OFFLINE:
        return
    if session.presence is not Presence.PRESENT:
        session.suspect_by_gateway = session.suspect_by_gateway and by_gateway
        return
    session.suspect_by_gateway = by_gateway
    floor.make_busy(session)
    evolve_bindings.leaves(floor, session)
    session.presence = Presence.SUSPECT
    session.suspect_at_ms = at_ms
    floor.set_timer(at_ms + floor.limits.suspect_ms, TimerKind.SUSPECT, session.session_id)


def _stream_ended(floor: Floor, fact: facts.StreamEnded, at_ms: int) -> None:
    for nonce in fact.nonces:
        session_id = floor.by_nonce.get(nonce)
        if session_id is not None:
            _suspect(floor, floor.sessions[session_id], at_ms, by_gateway=False)


def _gateway_seen(floor: Floor, fact: facts.GatewaySeen, at_ms: int) -> None:
    if fact.boot_id not in floor.gateways:
        silent_ms = at_ms + floor.limits.gateway_silence_ms
        floor.set_timer(silent_ms, TimerKind.GATEWAY, fact.boot_id)
        _restore(floor, fact.boot_id)
        evolve_bindings.begin(floor, fact.boot_id, at_ms)
    floor.gateways[fact.boot_id] = at_ms
    if fact.agrees:
        floor.bindings[fact.boot_id].agreed_at_ms = at_ms


def _restore(floor: Floor, boot_id: bytes) -> None:
    """Trust the sessions of a gateway again that was only silent for a while."""
    for session in floor.sessions.values():
        suspect = session.presence is Presence.SUSPECT and session.suspect_by_gateway
        if suspect and session.boot_id == boot_id:
            session.presence = Presence.PRESENT
            floor.make_idle(session)


def _gateway_lost(floor: Floor, fact: facts.GatewayLost, at_ms: int) -> None:
    floor.gateways.pop(fact.boot_id, None)
    floor.bindings.pop(fact.boot_id, None)
    for session in floor.sessions.values():
        if session.boot_id == fact.boot_id:
            _suspect(floor, session, at_ms, by_gateway=True)


def _presence_list_asked(floor: Floor, fact: facts.PresenceListAsked, at_ms: int) -> None:
    ours = floor.bindings[fact.boot_id]
    ours.asked, ours.asked_at_ms = fact.number, at_ms
    floor.next_ordinal()  # whoever is bound from here on need not be in the answer


FOLDS: dict[type, Callable[[Floor, Any, int], None]] = {
    facts.SignedIn: _signed_in,
    facts.SignedOut: _signed_out,
    facts.SessionPaused: _paused,
    facts.SessionAvailable: _available,
    facts.SessionDraining: _draining,
    facts.SessionGone: _gone,
    facts.StreamEnded: _stream_ended,
    facts.GatewaySeen: _gateway_seen,
    facts.GatewayLost: _gateway_lost,
    facts.PresenceListAsked: _presence_list_asked,
}

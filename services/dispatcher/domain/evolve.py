"""The fold: what each fact does to the floor. Total and deterministic; it decides nothing."""

from collections.abc import Callable
from typing import Any

from services.dispatcher.domain import evolve_orders, evolve_sessions, facts
from services.dispatcher.domain.facts import Fact
from services.dispatcher.domain.floor import Floor, LiveContact
from services.dispatcher.domain.timers import TimerKind
from services.dispatcher.domain.words import Activity, Place

OfferOver = facts.OfferExpired | facts.OfferDeclined | facts.OfferRescinded


def evolve(floor: Floor, fact: Fact, at_ms: int) -> None:
    """Apply one fact that was written at `at_ms`."""
    _FOLDS[type(fact)](floor, fact, at_ms)


def _queued(floor: Floor, fact: facts.Queued, at_ms: int) -> None:
    contact = fact.contact
    latest_ms = fact.allow_until_ms - floor.limits.time_to_dial_ms
    live = LiveContact(
        contact,
        fact.seat_id,
        fact.centre_id,
        fact.allow_until_ms,
        fact.map_version,
        fact.policy_version,
        (-contact.priority, at_ms, floor.next_ordinal()),
        min(at_ms + floor.rules.max_wait_ms, latest_ms) if floor.rules.version else latest_ms,
    )
    floor.contacts[live.key] = live
    floor.by_person.setdefault(contact.person_key, set()).add(live.key)
    if fact.map_version > floor.map_version:
        floor.awaiting[live.key] = fact.map_version
        floor.set_timer(at_ms + floor.limits.map_wait_ms, TimerKind.MAP, live.key)
    else:
        floor.enqueue(live)


def _offered(floor: Floor, fact: facts.Offered, at_ms: int) -> None:
    live = floor.contacts[fact.attempt.key]
    session = floor.sessions[fact.session_id]
    floor.dequeue(live)
    floor.make_busy(session)
    live.place = Place.OFFERED
    live.attempt = fact.attempt.attempt
    live.session_id = fact.session_id
    live.generation = fact.generation
    live.nonce = fact.nonce
    live.deadline_ms = fact.lease_until_ms
    live.offered_at_ms = at_ms
    session.activity = Activity.OFFERED
    session.contact = live.key
    floor.set_timer(fact.lease_until_ms, TimerKind.LEASE, live.key)


def _offer_expired(floor: Floor, fact: facts.OfferExpired, at_ms: int) -> None:
    floor.contacts[fact.attempt.key].misses += 1
    floor.sessions[fact.session_id].misses += 1
    _offer_over(floor, fact, at_ms)


def _offer_over(floor: Floor, fact: OfferOver, at_ms: int) -> None:
    """Put the contact back to its place; the caller's idle time begins anew."""
    live = floor.contacts[fact.attempt.key]
    if live.key in floor.leaving:
        live.place = Place.QUEUED
        live.session_id = ""
    else:
        floor.enqueue(live)
    session = floor.sessions.get(fact.session_id)
    if session is not None:
        evolve_sessions.free(floor, session, at_ms)


def _confirmed(floor: Floor, fact: facts.Confirmed, at_ms: int) -> None:
    live = floor.contacts[fact.attempt.key]
    session = floor.sessions[fact.session_id]
    live.place = Place.CONFIRMED
    live.generation = fact.generation
    live.nonce = fact.nonce
    live.deadline_ms = live.dial_by_ms = fact.dial_by_ms
    live.confirmed_at_ms = at_ms
    floor.leaving.pop(live.key, None)
    session.activity = Activity.ON_CALL
    session.misses = 0
    look_ms = fact.dial_by_ms + floor.limits.late_look_ms
    floor.set_timer(look_ms, TimerKind.DIAL_BY, live.key)


def _dial_started(floor: Floor, fact: facts.DialStarted, at_ms: int) -> None:
    live = floor.contacts[fact.attempt.key]
    live.place = Place.ON_CALL
    live.deadline_ms = at_ms + floor.limits.call_ms
    floor.set_timer(live.deadline_ms, TimerKind.CALL, live.key)


def _call_ended(floor: Floor, fact: facts.CallEnded, at_ms: int) -> None:
    del at_ms
    live = floor.contacts[fact.attempt.key]
    live.place = Place.WRAP_UP
    live.deadline_ms = fact.wrap_up_until_ms
    session = floor.sessions.get(fact.session_id)
    if session is not None:
        session.activity = Activity.WRAP_UP
    floor.set_timer(live.deadline_ms, TimerKind.WRAP_UP, live.key)


def _ended(floor: Floor, fact: facts.Ended, at_ms: int) -> None:
    live = floor.contacts[fact.attempt.key]
    floor.forget(live)
    session = floor.sessions.get(fact.session_id)
    if session is not None and session.contact == live.key:
        evolve_sessions.free(floor, session, at_ms)


def _returned(floor: Floor, fact: facts.Returned, at_ms: int) -> None:
    del at_ms
    floor.forget(floor.contacts[(fact.contact_id, fact.release)])


def _nothing(floor: Floor, fact: Fact, at_ms: int) -> None:
    """Facts that tell somebody something and change nothing here."""
    del floor, fact, at_ms


_FOLDS: dict[type, Callable[[Floor, Any, int], None]] = {
    facts.Queued: _queued,
    facts.Offered: _offered,
    facts.OfferExpired: _offer_expired,
    facts.OfferDeclined: _offer_over,
    facts.OfferRescinded: _offer_over,
    facts.Confirmed: _confirmed,
    facts.DialStarted: _dial_started,
    facts.CallEnded: _call_ended,
    facts.Ended: _ended,
    facts.Returned: _returned,
    facts.OutcomeAmended: _nothing,
    facts.CommandRefused: _nothing,
    **evolve_sessions.FOLDS,
    **evolve_orders.FOLDS,
}

"""The fold of operators' orders: maps, policies, stops, withdrawals, drains.

An order may touch more contacts than one record holds (rule 1.7): the fold only marks them as
leaving, and time works them off one by one.
"""

from collections.abc import Callable
from typing import Any

from services.dispatcher.domain import facts
from services.dispatcher.domain.allowed import objection
from services.dispatcher.domain.floor import Floor
from services.dispatcher.domain.words import Activity, EndReason, Objection, Place


def _map_applied(floor: Floor, fact: facts.MapApplied, at_ms: int) -> None:
    del at_ms
    floor.map_version = fact.version
    floor.home = {seat: centre.centre_id for centre in fact.centres for seat in centre.seat_ids}
    closed = {centre.centre_id: centre.closed for centre in fact.centres}
    for centre_id in sorted({*floor.centres, *closed}):
        queue = floor.centre(centre_id)
        queue.closed = closed.get(centre_id, True)
        queue.draining = False
        floor.dirty[centre_id] = None
    for key in [k for k, version in floor.awaiting.items() if version <= fact.version]:
        del floor.awaiting[key]
        floor.enqueue(floor.contacts[key])
    _mark(floor)
    _empty(floor)


def _policy_applied(floor: Floor, fact: facts.PolicyApplied, at_ms: int) -> None:
    del at_ms
    rules = floor.rules
    rules.version = fact.version
    rules.max_wait_ms = fact.max_wait_ms
    rules.wrap_up_ms = fact.wrap_up_ms
    if fact.required:
        rules.required = fact.version
        _mark(floor)


def _stop_applied(floor: Floor, fact: facts.StopApplied, at_ms: int) -> None:
    del at_ms
    floor.stops.add((fact.scope, fact.id))
    _mark(floor)


def _stop_lifted(floor: Floor, fact: facts.StopLifted, at_ms: int) -> None:
    del at_ms
    floor.stops.discard((fact.scope, fact.id))


def _withdrawal_applied(floor: Floor, fact: facts.WithdrawalApplied, at_ms: int) -> None:
    name = fact.contact_id or fact.person_key
    floor.withdrawn[name] = (fact.kind, at_ms)
    if not fact.provisional:
        floor.forgettable.append((at_ms, name))
    if fact.contact_id:
        keys = [key for key in floor.contacts if key[0] == fact.contact_id]
    else:
        keys = sorted(floor.by_person.get(fact.person_key, ()))
    for key in keys:
        _leave(floor, key, EndReason.WITHDRAWN)


def _withdrawal_forgotten(floor: Floor, fact: facts.WithdrawalForgotten, at_ms: int) -> None:
    del at_ms
    name = fact.contact_id or fact.person_key
    floor.withdrawn.pop(name, None)
    while floor.forgettable and floor.forgettable[0][1] == name:
        floor.forgettable.popleft()


def _centre_draining(floor: Floor, fact: facts.CentreDraining, at_ms: int) -> None:
    del at_ms
    floor.centre(fact.centre_id).draining = True
    _mark(floor)
    _empty(floor)


def _mark(floor: Floor) -> None:
    """Mark the contacts that may not stay."""
    for key, live in floor.contacts.items():
        reason = None if key in floor.awaiting else objection(floor, live)
        if reason is not None:
            _leave(floor, key, reason)


def _leave(floor: Floor, key: tuple[str, int], reason: Objection) -> None:
    live = floor.contacts[key]
    if live.place in (Place.QUEUED, Place.OFFERED):
        floor.dequeue(live)
        floor.leaving[key] = reason


def _empty(floor: Floor) -> None:
    """Mark the sessions of centres that take no more offers."""
    for session in floor.sessions.values():
        if session.activity is Activity.OFFLINE or session.draining:
            continue
        if not floor.centre(session.centre_id).takes:
            floor.emptying[session.session_id] = None


FOLDS: dict[type, Callable[[Floor, Any, int], None]] = {
    facts.MapApplied: _map_applied,
    facts.PolicyApplied: _policy_applied,
    facts.StopApplied: _stop_applied,
    facts.StopLifted: _stop_lifted,
    facts.WithdrawalApplied: _withdrawal_applied,
    facts.WithdrawalForgotten: _withdrawal_forgotten,
    facts.CentreDraining: _centre_draining,
}

"""What follows from an input, from time, or from a match. Pure: reads the floor, returns facts."""

from collections.abc import Callable, Sequence
from typing import Any, cast

from services.dispatcher.domain import (
    calls,
    due,
    facts,
    hand,
    inputs,
    matching,
    presence,
    sessions,
)
from services.dispatcher.domain.allowed import is_covered, is_withdrawn, objection
from services.dispatcher.domain.facts import Attempt, Fact
from services.dispatcher.domain.floor import Floor, LiveContact, Session
from services.dispatcher.domain.leaving import leave
from services.dispatcher.domain.moment import Moment
from services.dispatcher.domain.words import (
    Disposition,
    Place,
    RefusalReason,
    WithdrawalKind,
)


def decide(floor: Floor, item: inputs.Input, moment: Moment) -> Sequence[Fact]:
    """Return the facts that one input leads to, in order."""
    return _DECISIONS[type(item)](floor, item, moment)


def decide_due(floor: Floor, moment: Moment) -> Sequence[Fact]:
    """Return what follows from orders, time and the queues alone: one thing, or nothing."""
    return (
        due.next_leaving(floor, moment)
        or due.next_timer(floor, moment)
        or due.next_forgotten(floor, moment)
        or matching.next_offer(floor, moment)
    )


def _routed(floor: Floor, item: inputs.Routed, moment: Moment) -> Sequence[Fact]:
    """Queue a contact; one that may not stay leaves in the same breath."""
    queued = facts.Queued(
        item.contact,
        item.seat_id,
        item.centre_id,
        item.allow_until_ms,
        item.map_version,
        item.policy_version,
    )
    probe = LiveContact(
        item.contact,
        item.seat_id,
        item.centre_id,
        item.allow_until_ms,
        item.map_version,
        item.policy_version,
        (0, moment.written_at_ms, 0),
        0,
    )
    reason = objection(floor, probe)
    return (queued,) if reason is None else (queued, *leave(probe, reason, moment))


def _new_map(floor: Floor, item: inputs.NewMap, moment: Moment) -> Sequence[Fact]:
    del moment
    if item.version <= floor.map_version:
        return ()
    return (facts.MapApplied(item.version, item.centres),)


def _new_policy(floor: Floor, item: inputs.NewPolicy, moment: Moment) -> Sequence[Fact]:
    del moment
    if item.version <= floor.rules.version:
        return ()
    return (facts.PolicyApplied(item.version, item.max_wait_ms, item.wrap_up_ms, item.required),)


def _new_stop(floor: Floor, item: inputs.NewStop, moment: Moment) -> Sequence[Fact]:
    del moment
    stop = (item.scope, item.id)
    if stop in floor.stops:
        return ()
    open_offers = sum(
        live.place is Place.OFFERED and is_covered(live, {stop}) and not is_withdrawn(floor, live)
        for live in floor.contacts.values()
    )
    return (facts.StopApplied(item.scope, item.id, open_offers),)


def _lift_stop(floor: Floor, item: inputs.LiftStop, moment: Moment) -> Sequence[Fact]:
    del moment
    known = (item.scope, item.id) in floor.stops
    return (facts.StopLifted(item.scope, item.id),) if known else ()


def _withdraw(floor: Floor, item: inputs.Withdraw, moment: Moment) -> Sequence[Fact]:
    del floor, moment
    return (facts.WithdrawalApplied(item.person_key, item.contact_id, item.kind),)


def _signed(floor: Floor, item: inputs.Signed, moment: Moment) -> Sequence[Fact]:
    return hand.signed(decide(floor, item.order, moment), item.signature)


def _nothing(floor: Floor, item: inputs.Nothing, moment: Moment) -> Sequence[Fact]:
    del floor, item, moment
    return ()


def _malformed(
    floor: Floor, command: inputs.Malformed, item: inputs.Commanded, moment: Moment
) -> Sequence[Fact]:
    del floor, moment
    reason = RefusalReason.INVALID_FIELD
    return (
        facts.CommandRefused(
            command.session_id, command.nonce, item.boot_id, command.command, reason, None
        ),
    )


def _commanded(floor: Floor, item: inputs.Commanded, moment: Moment) -> Sequence[Fact]:
    """Decide a command; most may come only from the newest binding of a session (rule 4.6)."""
    command = item.command
    anyone = _COMMANDS.get(type(command))
    if anyone is not None:
        return anyone(floor, command, item, moment)
    of_session = _SESSION_COMMANDS[type(command)]
    session = sessions.bound(floor, cast("sessions.OfSession", command))
    if isinstance(session, RefusalReason):
        return (sessions.refused(item, session),)
    return of_session(floor, session, command, item, moment)


def _outcome(
    floor: Floor, command: inputs.GiveOutcome, item: inputs.Commanded, moment: Moment
) -> Sequence[Fact]:
    """End a call with its disposition, or amend it; an opt-out in it always counts (rule 4.8)."""
    decided = calls.outcome(floor, command, item, moment)
    heard = isinstance(decided[0], facts.Ended | facts.OutcomeAmended)
    if not heard or command.disposition is not Disposition.OPT_OUT:
        return decided
    return (*decided, _opted_out(floor, command.attempt))


def _opted_out(floor: Floor, attempt: Attempt) -> facts.WithdrawalApplied:
    """Withdraw the person; the contact alone when no release of it tells whose it is."""
    live = floor.contacts.get(attempt.key)
    if live is None:
        releases = (c for key, c in floor.contacts.items() if key[0] == attempt.contact_id)
        live = next(releases, None)
    if live is None:
        person, contact_id = b"", attempt.contact_id
    else:
        person, contact_id = live.contact.person_key, ""
    return facts.WithdrawalApplied(person, contact_id, WithdrawalKind.OPT_OUT, provisional=True)


_DECISIONS: dict[type, Callable[[Floor, Any, Moment], Sequence[Fact]]] = {
    inputs.Commanded: _commanded,
    inputs.Routed: _routed,
    inputs.NewMap: _new_map,
    inputs.NewPolicy: _new_policy,
    inputs.NewStop: _new_stop,
    inputs.LiftStop: _lift_stop,
    inputs.Withdraw: _withdraw,
    inputs.Nothing: _nothing,
    inputs.Signed: _signed,
}
_COMMANDS: dict[type, Callable[[Floor, Any, inputs.Commanded, Moment], Sequence[Fact]]] = {
    inputs.Malformed: _malformed,
    inputs.SignIn: sessions.sign_in,
    inputs.StreamLost: sessions.stream_lost,
    inputs.GatewayAlive: presence.gateway_alive,
    inputs.PresenceList: presence.presence_list,
    inputs.EndSession: hand.by_hand(hand.end_session),
    inputs.DrainCentre: hand.by_hand(hand.drain_centre),
    inputs.ReleaseContact: hand.by_hand(hand.release_contact),
    inputs.GiveOutcome: _outcome,
    inputs.Unsealing: calls.unsealing,
    inputs.NotUnsealed: calls.not_unsealed,
}
_SESSION_COMMANDS: dict[
    type, Callable[[Floor, Session, Any, inputs.Commanded, Moment], Sequence[Fact]]
] = {
    inputs.SignOut: sessions.sign_out,
    inputs.MakeAvailable: sessions.make_available,
    inputs.Pause: sessions.pause,
    inputs.AcceptOffer: calls.accept,
    inputs.DeclineOffer: calls.decline,
    inputs.HangUp: calls.hang_up,
}

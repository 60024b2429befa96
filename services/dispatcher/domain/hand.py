"""What an operator's hand asks of one partition; each order has an answer, and is signed in it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from services.dispatcher.domain import facts, inputs
from services.dispatcher.domain.facts import Attempt, Fact, Signature
from services.dispatcher.domain.floor import Floor, LiveContact
from services.dispatcher.domain.leaving import end, leave, rescind_and_leave
from services.dispatcher.domain.moment import Moment
from services.dispatcher.domain.sessions import depart, refused
from services.dispatcher.domain.words import (
    Activity,
    DrainReason,
    EndReason,
    Place,
    RefusalReason,
    ReturnReason,
    SignOutReason,
)

Signable = (
    facts.MapApplied
    | facts.PolicyApplied
    | facts.StopApplied
    | facts.StopLifted
    | facts.WithdrawalApplied
    | facts.CentreDraining
    | facts.SignedOut
    | facts.SessionDraining
    | facts.Returned
    | facts.CommandRefused
)
ByHand = inputs.EndSession | inputs.DrainCentre | inputs.ReleaseContact
_INTERRUPTED = {Place.ON_CALL: EndReason.INTERRUPTED, Place.WRAP_UP: EndReason.NOT_GIVEN}
"""How a call ends that an operator ends. Of a CONFIRMED one the number may be shown any moment."""


def signed(decided: Sequence[Fact], signature: Signature) -> Sequence[Fact]:
    """Put the signature of an order into the facts that answer it."""
    return tuple(
        replace(fact, signature=signature) if isinstance(fact, Signable) else fact
        for fact in decided
    )


def by_hand(
    decision: Callable[[Floor, Any, inputs.Commanded, Moment], Sequence[Fact]],
) -> Callable[[Floor, ByHand, inputs.Commanded, Moment], Sequence[Fact]]:
    """Return a decision whose answer is signed by who ordered it."""

    def decide(
        floor: Floor, command: ByHand, item: inputs.Commanded, moment: Moment
    ) -> Sequence[Fact]:
        signature = inputs.signature(command.by, command.why, item.appended_at_ms)
        return signed(decision(floor, command, item, moment), signature)

    return decide


def end_session(
    floor: Floor, command: inputs.EndSession, item: inputs.Commanded, moment: Moment
) -> Sequence[Fact]:
    """End a session: after its call when it has one, or with it when that is to be interrupted."""
    del moment
    session = floor.sessions.get(command.session_id)
    if session is None or session.activity is Activity.OFFLINE:
        return (refused(item, RefusalReason.UNKNOWN_SESSION),)
    live = floor.contact_of(session)
    if command.interrupt and live is not None and live.place in _INTERRUPTED:
        # The first alone: the sign-out that follows here is by the operator.
        ended = end(floor, live, _INTERRUPTED[live.place])[0]
        return (ended, facts.SignedOut(session.session_id, session.nonce, SignOutReason.ENDED))
    # One that leaves already has nothing more to do, and the order an answer all the same.
    again = facts.SessionDraining(session.session_id, session.nonce, DrainReason.ENDED)
    return depart(floor, session, SignOutReason.ENDED, DrainReason.ENDED) or (again,)


def drain_centre(
    floor: Floor, command: inputs.DrainCentre, item: inputs.Commanded, moment: Moment
) -> Sequence[Fact]:
    """Mark a centre as draining; time works its queue and sessions off."""
    del moment
    centre = floor.centres.get(command.centre_id)
    if centre is None:
        return (refused(item, RefusalReason.UNKNOWN_CENTRE),)
    return () if centre.draining else (facts.CentreDraining(command.centre_id),)


def release_contact(
    floor: Floor, command: inputs.ReleaseContact, item: inputs.Commanded, moment: Moment
) -> Sequence[Fact]:
    """Hand what waits of a contact back to the bank; what a caller has confirmed stays (4.3)."""
    found = [live for key, live in floor.contacts.items() if key[0] == command.contact_id]
    waiting = [
        live
        for live in found
        if live.place in (Place.QUEUED, Place.OFFERED) and live.key not in floor.leaving
    ]
    if not waiting:
        return (_kept(found, command, item),)
    return [fact for live in waiting for fact in _hand_back(floor, live, moment)]


def _hand_back(floor: Floor, live: LiveContact, moment: Moment) -> Sequence[Fact]:
    if live.place is Place.OFFERED:
        return rescind_and_leave(floor, live, ReturnReason.BY_HAND, moment)
    return leave(live, ReturnReason.BY_HAND, moment)


def _kept(
    found: Sequence[LiveContact], command: inputs.ReleaseContact, item: inputs.Commanded
) -> facts.CommandRefused:
    """Return why nothing of a contact is handed back, and who has it."""
    session_id, attempt = "", Attempt(command.contact_id, 0, 0)
    reason = RefusalReason.UNKNOWN_CONTACT
    for live in found:
        session_id, attempt = live.session_id, live.current
        busy = live.place not in (Place.QUEUED, Place.OFFERED)
        # What waits here is leaving this very moment, by an order or for its withdrawal.
        reason = RefusalReason.WITH_CALLER if busy else RefusalReason.NOT_ALLOWED
    return facts.CommandRefused(session_id, b"", item.boot_id, "release_contact", reason, attempt)

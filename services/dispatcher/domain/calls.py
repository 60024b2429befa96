"""OFFER → ACCEPT → CONFIRM → unseal → outcome: commands about an attempt."""

from collections.abc import Sequence

from services.dispatcher.domain import facts, inputs
from services.dispatcher.domain.allowed import objection
from services.dispatcher.domain.facts import Attempt, Fact
from services.dispatcher.domain.floor import Floor, LiveContact, Session
from services.dispatcher.domain.leaving import end
from services.dispatcher.domain.moment import Moment
from services.dispatcher.domain.sessions import refused
from services.dispatcher.domain.words import (
    EndReason,
    NotUnsealedReason,
    Place,
    RefusalReason,
)

_NOT_UNSEALED = {
    NotUnsealedReason.WITHDRAWN: EndReason.WITHDRAWN,
    NotUnsealedReason.STOPPED: EndReason.STOPPED,
    NotUnsealedReason.UNREADABLE: EndReason.UNREADABLE,
    NotUnsealedReason.LATE: EndReason.NEVER_DIALLED,
}


def accept(
    floor: Floor,
    session: Session,
    command: inputs.AcceptOffer,
    item: inputs.Commanded,
    moment: Moment,
) -> Sequence[Fact]:
    """Confirm an offer within its lease, if the contact may still be called now.

    `dial_by` counts from the time of writing and never passes T (rule 2.2).
    """
    live = _held(floor, command.attempt, session.session_id, Place.OFFERED)
    if live is None or moment.now_ms > live.deadline_ms:
        return (refused(item, RefusalReason.NO_SUCH_OFFER),)
    dial_by_ms = min(moment.written_at_ms + floor.limits.dial_window_ms, live.allow_until_ms)
    stale = not moment.fresh or live.key in floor.leaving or objection(floor, live) is not None
    if stale or dial_by_ms <= moment.written_at_ms:
        return (refused(item, RefusalReason.NOT_ALLOWED),)
    return (
        facts.Confirmed(
            live.current,
            session.session_id,
            session.generation,
            session.nonce,
            dial_by_ms,
            live.contact.sealed,
            live.contact.person_key,
            live.seat_id,
            live.centre_id,
            live.contact.campaign,
        ),
    )


def decline(
    floor: Floor,
    session: Session,
    command: inputs.DeclineOffer,
    item: inputs.Commanded,
    moment: Moment,
) -> Sequence[Fact]:
    """Put a declined contact back to its place."""
    del moment
    live = _held(floor, command.attempt, session.session_id, Place.OFFERED)
    if live is None:
        return (refused(item, RefusalReason.NO_SUCH_OFFER),)
    return (facts.OfferDeclined(live.current, session.session_id, session.nonce),)


def unsealing(
    floor: Floor, command: inputs.Unsealing, item: inputs.Commanded, moment: Moment
) -> Sequence[Fact]:
    """Take note of a number shown, by the announcement's own append time.

    The gateway judges by the same append time (rule 5.1), so both always agree; the generation is
    that of the confirm, even when the session was bound anew meanwhile: the number was shown.
    """
    del moment
    live = _held(floor, command.attempt, command.session_id, Place.CONFIRMED)
    if live is None or live.generation != command.generation:
        return (refused(item, RefusalReason.NO_SUCH_OFFER),)
    if item.appended_at_ms >= live.deadline_ms:
        return (refused(item, RefusalReason.TOO_LATE),)
    return (facts.DialStarted(live.current, live.session_id, live.nonce),)


def not_unsealed(
    floor: Floor, command: inputs.NotUnsealed, item: inputs.Commanded, moment: Moment
) -> Sequence[Fact]:
    """End a contact whose number the gateway did not and will not show (rule 4.3).

    Also after its announcement: only this gateway could have shown it, and says that it did not.
    """
    del moment
    live = _held(floor, command.attempt, command.session_id, Place.CONFIRMED, Place.ON_CALL)
    if live is None or live.generation != command.generation:
        return (refused(item, RefusalReason.NO_SUCH_OFFER),)
    return end(floor, live, _NOT_UNSEALED[command.reason])


def hang_up(
    floor: Floor,
    session: Session,
    command: inputs.HangUp,
    item: inputs.Commanded,
    moment: Moment,
) -> Sequence[Fact]:
    """Begin the wrap-up, at most as long as the policy allows."""
    live = _held(floor, command.attempt, session.session_id, Place.ON_CALL)
    if live is None:
        return (refused(item, RefusalReason.WRONG_ACTIVITY),)
    until_ms = moment.written_at_ms + floor.rules.wrap_up_ms
    return (facts.CallEnded(live.current, session.session_id, live.nonce, until_ms),)


def outcome(
    floor: Floor, command: inputs.GiveOutcome, item: inputs.Commanded, moment: Moment
) -> Sequence[Fact]:
    """End the call with its disposition, or amend an attempt that has ended (rule 4.8)."""
    del moment
    live = floor.live(command.attempt, command.session_id)
    if live is None:
        return (
            facts.OutcomeAmended(
                command.attempt, command.session_id, command.nonce, command.disposition
            ),
        )
    if live.place not in (Place.ON_CALL, Place.WRAP_UP):
        return (refused(item, RefusalReason.WRONG_ACTIVITY),)
    return end(floor, live, EndReason.OUTCOME, command.disposition, command.talk_ms)


def _held(floor: Floor, attempt: Attempt, session_id: str, *places: Place) -> LiveContact | None:
    """Return the contact when this attempt of this session is in one of these places."""
    live = floor.live(attempt, session_id)
    return live if live is not None and live.place in places else None

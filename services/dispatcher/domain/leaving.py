"""How a contact leaves the floor, and its caller becomes free."""

from collections.abc import Sequence

from services.dispatcher.domain import facts
from services.dispatcher.domain.facts import Fact
from services.dispatcher.domain.floor import Floor, LiveContact
from services.dispatcher.domain.moment import Moment
from services.dispatcher.domain.words import (
    Disposition,
    EndReason,
    Objection,
    Presence,
    RescindReason,
    ReturnReason,
    SignOutReason,
)

_RESCINDS: dict[Objection, RescindReason] = {
    EndReason.WITHDRAWN: RescindReason.WITHDRAWN,
    ReturnReason.STOPPED: RescindReason.STOPPED,
    ReturnReason.STALE_MAP: RescindReason.STALE,
    ReturnReason.STALE_POLICY: RescindReason.STALE,
    ReturnReason.WRONG_PARTITION: RescindReason.STALE,
    ReturnReason.TIME_OVER: RescindReason.STALE,
    ReturnReason.DRAINED: RescindReason.DRAINED,
    ReturnReason.BY_HAND: RescindReason.BY_HAND,
}


def leave(live: LiveContact, reason: Objection, moment: Moment) -> Sequence[Fact]:
    """Return the fact by which a queued contact leaves: back to the bank, or for good."""
    if isinstance(reason, EndReason):
        return (
            facts.Ended(
                live.current,
                session_id="",
                nonce=b"",
                reason=reason,
                disposition=None,
                not_before_ms=None,
                attempt_spent=False,
                seat_id=live.seat_id,
                centre_id=live.centre_id,
                offered_at_ms=live.offered_at_ms,
                confirmed_at_ms=None,
                talk_ms=None,
            ),
        )
    return (
        facts.Returned(
            live.contact.contact_id,
            live.contact.release,
            reason,
            max(0, moment.written_at_ms - live.queued_at_ms),
            live.contact.priority,
            live.seat_id,
            live.centre_id,
        ),
    )


def rescind(floor: Floor, live: LiveContact, reason: RescindReason) -> Sequence[Fact]:
    """Return the facts that take an offer back; a caller who was leaving is gone with it."""
    return (
        facts.OfferRescinded(live.current, live.session_id, live.nonce, reason),
        *after_free(floor, live.session_id),
    )


def rescind_and_leave(
    floor: Floor, live: LiveContact, reason: Objection, moment: Moment
) -> Sequence[Fact]:
    """Return the facts by which an offered contact leaves."""
    why = _RESCINDS.get(reason, RescindReason.STALE)
    return (*rescind(floor, live, why), *leave(live, reason, moment))


def end(
    floor: Floor,
    live: LiveContact,
    reason: EndReason,
    disposition: Disposition | None = None,
    talk_ms: int | None = None,
) -> Sequence[Fact]:
    """Return the facts that end a confirmed contact and free its caller."""
    never_dialled = reason is EndReason.NEVER_DIALLED
    if reason is EndReason.NOT_GIVEN:
        disposition = Disposition.NOT_GIVEN
    not_before_ms = None
    if not never_dialled and live.dial_by_ms is not None:
        not_before_ms = live.dial_by_ms + floor.limits.silence_after_confirm_ms
    ended = facts.Ended(
        live.current,
        session_id=live.session_id,
        nonce=live.nonce,
        reason=reason,
        disposition=disposition,
        not_before_ms=not_before_ms,
        attempt_spent=reason in (EndReason.OUTCOME, EndReason.NOT_GIVEN, EndReason.INTERRUPTED),
        seat_id=live.seat_id,
        centre_id=live.centre_id,
        offered_at_ms=live.offered_at_ms,
        confirmed_at_ms=live.confirmed_at_ms,
        talk_ms=talk_ms,
    )
    return (ended, *after_free(floor, live.session_id))


def after_free(floor: Floor, session_id: str) -> Sequence[Fact]:
    """Return the sign-out of a session that only its contact kept here."""
    session = floor.sessions.get(session_id)
    if session is None:
        return ()
    if session.draining:
        return (facts.SignedOut(session_id, session.nonce, SignOutReason.DRAINED),)
    if session.presence is Presence.GONE:
        return (facts.SignedOut(session_id, session.nonce, SignOutReason.GONE),)
    return ()

"""Who gets which contact: first contact by place, then the longest-idle caller who can serve it."""

from collections.abc import Sequence

from services.dispatcher.domain import facts
from services.dispatcher.domain.allowed import objection
from services.dispatcher.domain.facts import Attempt, Fact
from services.dispatcher.domain.floor import Floor, LiveContact, Session
from services.dispatcher.domain.leaving import leave
from services.dispatcher.domain.moment import Moment
from services.dispatcher.domain.words import ReturnReason


def next_offer(floor: Floor, moment: Moment) -> Sequence[Fact]:
    """Return the next offer, or nothing. No offer while commands are behind or orders not fresh."""
    if moment.behind or not moment.fresh:
        return ()
    while floor.dirty:
        centre_id = next(iter(floor.dirty))
        centre = floor.centre(centre_id)
        pair = centre.best() if centre.takes else None
        if pair is not None:
            return _offer(floor, floor.contacts[pair[0]], floor.sessions[pair[1]], moment)
        del floor.dirty[centre_id]
    return ()


def _offer(floor: Floor, live: LiveContact, session: Session, moment: Moment) -> Sequence[Fact]:
    reason = objection(floor, live)
    if reason is None and moment.now_ms > live.wait_until_ms:
        reason = ReturnReason.TIME_OVER
    if reason is not None:
        return leave(live, reason, moment)
    centre = floor.centre(live.centre_id)
    contact = live.contact
    return (
        facts.Offered(
            Attempt(contact.contact_id, contact.release, live.attempt + 1),
            session.session_id,
            session.generation,
            session.nonce,
            moment.written_at_ms + floor.limits.lease_ms,
            live.seat_id,
            contact.language,
            contact.campaign,
            contact.priority,
            centre.sessions_ready,
            centre.contacts_waiting,
        ),
    )

"""Commands about caller sessions: sign-in, breaks, leaving (rules 4.6 and 4.7)."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from services.dispatcher.domain import facts, inputs
from services.dispatcher.domain.facts import Fact
from services.dispatcher.domain.floor import Floor, Session
from services.dispatcher.domain.leaving import end, rescind
from services.dispatcher.domain.moment import Moment
from services.dispatcher.domain.words import (
    Activity,
    DrainReason,
    EndReason,
    Place,
    RefusalReason,
    RescindReason,
    SignOutReason,
)

_NAMES: dict[type, str] = {
    inputs.SignIn: "sign_in",
    inputs.SignOut: "sign_out",
    inputs.MakeAvailable: "make_available",
    inputs.Pause: "pause",
    inputs.AcceptOffer: "accept_offer",
    inputs.DeclineOffer: "decline_offer",
    inputs.Unsealing: "unsealing",
    inputs.NotUnsealed: "not_unsealed",
    inputs.HangUp: "hang_up",
    inputs.GiveOutcome: "give_outcome",
    inputs.EndSession: "end_session",
    inputs.DrainCentre: "drain_centre",
}


class OfSession(Protocol):
    """A command that names a session and the generation that it comes from."""

    @property
    def session_id(self) -> str:
        """Session."""

    @property
    def generation(self) -> int:
        """Generation of the binding that the command came through."""


def refused(
    item: inputs.Commanded, reason: RefusalReason, nonce: bytes = b""
) -> facts.CommandRefused:
    """Return the fact that tells whoever asked why nothing happened."""
    command = item.command
    return facts.CommandRefused(
        getattr(command, "session_id", ""),
        getattr(command, "nonce", nonce),
        item.boot_id,
        _NAMES[type(command)],
        reason,
        getattr(command, "attempt", None),
    )


def bound(floor: Floor, command: OfSession) -> Session | RefusalReason:
    """Return the session when the command's generation is its newest, else why not."""
    session = floor.sessions.get(command.session_id)
    if session is None or session.activity is Activity.OFFLINE:
        return RefusalReason.UNKNOWN_SESSION
    if command.generation == session.generation:
        return session
    lower = command.generation < session.generation
    return RefusalReason.LOWER_GENERATION if lower else RefusalReason.UNKNOWN_SESSION


def sign_in(
    floor: Floor, command: inputs.SignIn, item: inputs.Commanded, moment: Moment
) -> Sequence[Fact]:
    """Bind a session to a stream; give the generation; a nonce already seen changes nothing.

    With the token of the binding before, an offer goes on; without it, it goes back. A call or a
    wrap-up is kept either way, at a centre that takes no more offers too: its outcome is still
    wanted. A confirm is inherited by nobody.
    """
    del moment
    session = floor.sessions.get(command.session_id)
    if session is not None and command.nonce in session.nonces:
        return ()
    return (*_kept(floor, command), *_bound_anew(floor, command, item, session))


def _kept(floor: Floor, command: inputs.SignIn) -> Iterator[Fact]:
    """Take down what the desk still keeps of attempts that are over (rule 4.8).

    Nobody signs in at a closed centre, so that it could not be said behind the sign-in. What is
    under way is left out: its outcome is given once the session is bound.
    """
    for word in command.kept:
        if floor.live(word.attempt, command.session_id) is None:
            yield facts.OutcomeAmended(
                word.attempt, command.session_id, command.nonce, word.disposition
            )


def _bound_anew(
    floor: Floor, command: inputs.SignIn, item: inputs.Commanded, session: Session | None
) -> Sequence[Fact]:
    centre = floor.centres.get(command.centre_id)
    if centre is None or not (centre.takes or _finishes(floor, session)):
        return (refused(item, RefusalReason.UNKNOWN_CENTRE),)
    busy = session is not None and session.contact is not None
    if busy and session is not None and session.centre_id != command.centre_id:
        return (refused(item, RefusalReason.WRONG_ACTIVITY),)
    resumed = bool(
        session is not None and command.resume_token and command.resume_token == session.nonce
    )
    before: Sequence[Fact] = ()
    activity = Activity.AVAILABLE
    if session is not None and session.activity is not Activity.OFFLINE:
        before, activity = _found(floor, session, resumed=resumed)
    signed_in = facts.SignedIn(
        command.session_id,
        command.centre_id,
        command.languages,
        session.generation + 1 if session is not None else 1,
        item.boot_id,
        command.nonce,
        resumed,
        activity,
        _open_offer(floor, session) if session is not None and resumed else None,
    )
    return (*before, signed_in)


def _open_offer(floor: Floor, session: Session) -> facts.OpenOffer | None:
    """Return the offer that goes on: it may have been made while nobody could be told."""
    live = floor.contact_of(session)
    if live is None or live.place is not Place.OFFERED:
        return None
    contact = live.contact
    return facts.OpenOffer(
        live.current,
        live.deadline_ms,
        live.seat_id,
        contact.language,
        contact.campaign,
        contact.priority,
    )


def _finishes(floor: Floor, session: Session | None) -> bool:
    """Tell whether a session has a call or its wrap-up to finish, and leaves then."""
    live = floor.contact_of(session) if session is not None and session.draining else None
    return live is not None and live.place is not Place.OFFERED


def _found(floor: Floor, session: Session, *, resumed: bool) -> tuple[Sequence[Fact], Activity]:
    """Return what precedes the new binding of a session, and what the session then does."""
    live = floor.contact_of(session)
    if live is not None and live.place is Place.OFFERED and not resumed:
        taken_back = facts.OfferRescinded(
            live.current, live.session_id, live.nonce, RescindReason.SESSION_REPLACED
        )
        return (taken_back,), Activity.AVAILABLE
    if live is None and not resumed:
        return (), Activity.AVAILABLE
    return (), session.activity


def sign_out(
    floor: Floor,
    session: Session,
    command: inputs.SignOut,
    item: inputs.Commanded,
    moment: Moment,
) -> Sequence[Fact]:
    """End a session, after its call when it has one."""
    del command, item, moment
    return depart(floor, session, SignOutReason.ASKED, DrainReason.ASKED)


def leave_centre(floor: Floor, session: Session) -> Sequence[Fact]:
    """End a session whose centre takes no more offers."""
    return depart(floor, session, SignOutReason.DRAINED, DrainReason.CENTRE)


def depart(
    floor: Floor, session: Session, out: SignOutReason, drain: DrainReason
) -> Sequence[Fact]:
    """End a session, after its call when it has one; nothing follows when it leaves already."""
    live = floor.contact_of(session)
    signed_out = facts.SignedOut(session.session_id, session.nonce, out)
    if live is None:
        return (signed_out,)
    if live.place is Place.OFFERED:
        taken_back = facts.OfferRescinded(
            live.current, live.session_id, live.nonce, RescindReason.SESSION_LEFT
        )
        return (taken_back, signed_out)
    if session.draining:
        return ()
    return (facts.SessionDraining(session.session_id, session.nonce, drain),)


def make_available(
    floor: Floor,
    session: Session,
    command: inputs.MakeAvailable,
    item: inputs.Commanded,
    moment: Moment,
) -> Sequence[Fact]:
    """End a pause, or a wrap-up whose disposition was not given."""
    del command, moment
    live = floor.contact_of(session)
    if live is not None and live.place is Place.WRAP_UP:
        return end(floor, live, EndReason.NOT_GIVEN)
    if session.activity is Activity.PAUSED or session.pausing is not None:
        return (facts.SessionAvailable(session.session_id, session.nonce),)
    if session.activity is Activity.AVAILABLE:
        return ()
    return (refused(item, RefusalReason.WRONG_ACTIVITY),)


def pause(
    floor: Floor,
    session: Session,
    command: inputs.Pause,
    item: inputs.Commanded,
    moment: Moment,
) -> Sequence[Fact]:
    """Begin a break, now or when the session is free."""
    del item
    until_ms = moment.written_at_ms + floor.limits.pause_ms
    paused = facts.SessionPaused(session.session_id, session.nonce, command.reason, until_ms)
    live = floor.contact_of(session)
    if live is not None and live.place is Place.OFFERED:
        return (*rescind(floor, live, RescindReason.SESSION_LEFT), paused)
    return (paused,)


def stream_lost(
    floor: Floor, command: inputs.StreamLost, item: inputs.Commanded, moment: Moment
) -> Sequence[Fact]:
    """Make the sessions of a stream suspect, by its bindings that are still current."""
    del item, moment
    nonces = tuple(nonce for nonce in command.nonces if nonce in floor.by_nonce)
    return (facts.StreamEnded(nonces),) if nonces else ()

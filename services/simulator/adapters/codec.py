"""Desk frames on the wire and in the simulator: pure translation."""

from collections.abc import Callable
from typing import Any

from seatline.commands.v1 import commands_pb2 as commands
from seatline.facts.v1 import session_pb2 as sessions
from seatline.gateway.v1 import gateway_service_pb2 as wire
from services.simulator.domain import news, wishes
from services.simulator.domain.calls import Attempt, Disposition
from services.simulator.domain.news import Activity, News
from services.simulator.domain.wishes import Wish

_DISPOSITIONS = {
    Disposition.REACHED: commands.DISPOSITION_REACHED,
    Disposition.NO_ANSWER: commands.DISPOSITION_NO_ANSWER,
    Disposition.BUSY: commands.DISPOSITION_BUSY,
    Disposition.WRONG_NUMBER: commands.DISPOSITION_WRONG_NUMBER,
    Disposition.CALL_BACK: commands.DISPOSITION_CALL_BACK,
    Disposition.OPT_OUT: commands.DISPOSITION_OPT_OUT,
}
_ACTIVITIES = {
    sessions.ACTIVITY_UNSPECIFIED: Activity.UNKNOWN,
    sessions.ACTIVITY_OFFLINE: Activity.OFFLINE,
    sessions.ACTIVITY_AVAILABLE: Activity.AVAILABLE,
    sessions.ACTIVITY_OFFERED: Activity.OFFERED,
    sessions.ACTIVITY_ON_CALL: Activity.ON_CALL,
    sessions.ACTIVITY_WRAP_UP: Activity.WRAP_UP,
    sessions.ACTIVITY_PAUSED: Activity.PAUSED,
    sessions.ACTIVITY_DRAINING: Activity.DRAINING,
}


def to_event(session_id: str, wish: Wish) -> wire.ClientEvent:
    """Return a wish as it goes to the gateway."""
    event = wire.ClientEvent(session_id=session_id)
    match wish:
        case wishes.SignIn():
            event.sign_in.centre_id = wish.centre_id
            event.sign_in.languages.extend(wish.languages)
            event.sign_in.resume_token = wish.token
            for kept in wish.kept:
                _fill_outcome(event.sign_in.kept.add(), kept)
        case wishes.GiveOutcome():
            _fill_outcome(event.outcome, wish)
        case wishes.Accept():
            _fill(event.accept.attempt, wish.attempt)
        case wishes.Decline():
            _fill(event.decline.attempt, wish.attempt)
        case wishes.HangUp():
            _fill(event.hang_up.attempt, wish.attempt)
        case wishes.Rest() | wishes.BeReady() | wishes.SignOut():
            _bare(event, wish)
    return event


def to_news(event: wire.ServerEvent) -> News | None:
    """Return what an event says; None when this desk does not know its kind."""
    kind = event.WhichOneof("kind")
    reader = _NEWS.get(kind or "")
    return None if reader is None else reader(event)


def _bare(event: wire.ClientEvent, wish: wishes.Rest | wishes.BeReady | wishes.SignOut) -> None:
    match wish:
        case wishes.Rest():
            event.pause.reason = wish.reason
        case wishes.BeReady():
            event.ready.SetInParent()
        case wishes.SignOut():
            event.sign_out.SetInParent()


def _fill_outcome(message: wire.OutcomeWish, wish: wishes.GiveOutcome) -> None:
    _fill(message.attempt, wish.attempt)
    message.disposition = _DISPOSITIONS[wish.disposition]
    message.talk.FromMilliseconds(int(wish.talk_ms))


def _fill(message: commands.Attempt, attempt: Attempt) -> None:
    message.contact_id = attempt.contact_id
    message.release = attempt.release
    message.attempt = attempt.attempt


def _attempt(message: commands.Attempt) -> Attempt:
    return Attempt(message.contact_id, message.release, message.attempt)


def _number(event: wire.ServerEvent) -> News:
    number = event.number
    return news.NumberShown(_attempt(number.attempt), number.phone, number.dial_by.ToMilliseconds())


def _refused(event: wire.ServerEvent) -> News:
    refused = event.refused
    attempt = _attempt(refused.attempt) if refused.HasField("attempt") else None
    return news.WishRefused(refused.wish, refused.reason, attempt)


def _signed_in(event: wire.ServerEvent) -> News:
    notice = event.signed_in
    activity = _ACTIVITIES.get(notice.activity, Activity.UNKNOWN)
    return news.SignedIn(notice.resume_token, activity, notice.resumed)


_SIGN_OUT: Any = sessions.SignOutReason
_REASONS = {
    number: name.removeprefix("SIGN_OUT_REASON_").lower() for name, number in _SIGN_OUT.items()
}

_NEWS: dict[str, Callable[[wire.ServerEvent], News]] = {
    "signed_in": _signed_in,
    "signed_out": lambda e: news.SignedOut(_REASONS.get(e.signed_out.reason, "unknown")),
    "offer": lambda e: news.Offered(_attempt(e.offer.attempt)),
    "offer_gone": lambda e: news.OfferGone(_attempt(e.offer_gone.attempt), e.offer_gone.reason),
    "number": _number,
    "saved": lambda e: news.Saved(_attempt(e.saved.attempt)),
    "activity": lambda e: news.ActivityChanged(
        _ACTIVITIES.get(e.activity.activity, Activity.UNKNOWN)
    ),
    "refused": _refused,
    "call_over": lambda e: news.CallOver(_attempt(e.call_over.attempt), e.call_over.reason),
}

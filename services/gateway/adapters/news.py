"""Facts as news for the desks: pure translation, fact by fact."""

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from seatline.commands.v1 import commands_pb2 as commands
from seatline.facts.v1 import facts_pb2 as facts
from seatline.facts.v1 import session_pb2 as sessions
from seatline.gateway.v1 import gateway_service_pb2 as wire
from services.gateway.domain.values import Confirmed, Person

WISH_OF_COMMAND = {
    "sign_in": "sign_in",
    "sign_out": "sign_out",
    "make_available": "ready",
    "pause": "pause",
    "accept_offer": "accept",
    "decline_offer": "decline",
    "hang_up": "hang_up",
    "give_outcome": "outcome",
}
"""The desk's name of a command; what the gateway says of its own accord is no wish of a desk."""

FOR_NOW = ("busy", "not_acknowledged")
"""Refusals that say nothing about the wish itself."""
RETRY_AFTER_S = 1


def _names(enum: Any, prefix: str) -> Mapping[int, str]:
    wrapper: EnumTypeWrapper = enum
    return {number: name.removeprefix(prefix).lower() for name, number in wrapper.items()}


_RESCIND = _names(facts.RescindReason, "RESCIND_REASON_")
_END = _names(facts.EndReason, "END_REASON_")
_REFUSAL = _names(sessions.RefusalReason, "REFUSAL_REASON_")


def signed_in(fact: sessions.SignedIn) -> list[wire.ServerEvent]:
    """Return a sign-in as news; its nonce is the resume token. An offer that goes on is told again.

    It may have been made while no stream could tell it.
    """
    notice = wire.SignedInNotice(
        resume_token=fact.nonce, activity=fact.activity, resumed=fact.resumed
    )
    events = [wire.ServerEvent(session_id=fact.session_id, signed_in=notice)]
    if fact.HasField("offer"):
        events.append(wire.ServerEvent(session_id=fact.session_id, offer=_offer(fact.offer)))
    return events


def signed_out(session_id: str, reason: sessions.SignOutReason.ValueType) -> wire.ServerEvent:
    """Return the end of a session, or of its binding here."""
    return wire.ServerEvent(session_id=session_id, signed_out=wire.SignedOutNotice(reason=reason))


def refused(
    session_id: str,
    wish: str,
    reason: str,
    field: str = "",
    attempt: commands.Attempt | None = None,
) -> wire.ServerEvent:
    """Return the refusal of a wish, with a time to try again if it was refused for now only."""
    notice = wire.RefusedNotice(wish=wish, reason=reason, field=field, attempt=attempt)
    if reason in FOR_NOW:
        notice.retry_after.FromSeconds(RETRY_AFTER_S)
    return wire.ServerEvent(session_id=session_id, refused=notice)


def number(confirmed: Confirmed, person: Person) -> wire.ServerEvent:
    """Return the number to dial: the only news that holds a person."""
    event = wire.ServerEvent(session_id=confirmed.session_id)
    event.number.attempt.contact_id = confirmed.attempt.contact_id
    event.number.attempt.release = confirmed.attempt.release
    event.number.attempt.attempt = confirmed.attempt.number
    event.number.phone = person.phone
    event.number.name = person.name
    event.number.dial_by.FromMilliseconds(confirmed.dial_by_ms)
    return event


def _offered(fact: facts.Offered) -> wire.ServerEvent:
    return wire.ServerEvent(session_id=fact.session_id, offer=_offer(fact))


def _offer(offer: facts.Offered | sessions.OpenOffer) -> wire.OfferNotice:
    return wire.OfferNotice(
        attempt=offer.attempt,
        lease_until=offer.lease_until,
        seat_id=offer.seat_id,
        language=offer.language,
        campaign=offer.campaign,
        priority=offer.priority,
    )


def _offer_gone(session_id: str, attempt: commands.Attempt, reason: str) -> wire.ServerEvent:
    return wire.ServerEvent(
        session_id=session_id, offer_gone=wire.OfferGoneNotice(attempt=attempt, reason=reason)
    )


def _ended(fact: facts.Ended) -> wire.ServerEvent:
    event = wire.ServerEvent(session_id=fact.session_id)
    if fact.reason == facts.END_REASON_OUTCOME:
        event.saved.attempt.CopyFrom(fact.attempt)
    else:
        event.call_over.attempt.CopyFrom(fact.attempt)
        event.call_over.reason = _END.get(fact.reason, "unknown")
    return event


def _amended(fact: facts.OutcomeAmended) -> wire.ServerEvent:
    return wire.ServerEvent(
        session_id=fact.session_id, saved=wire.SavedNotice(attempt=fact.attempt)
    )


def _activity(
    session_id: str, activity: sessions.Activity.ValueType, reason: str = ""
) -> wire.ServerEvent:
    return wire.ServerEvent(
        session_id=session_id, activity=wire.ActivityNotice(activity=activity, reason=reason)
    )


def _refused(fact: sessions.CommandRefused) -> wire.ServerEvent | None:
    wish = WISH_OF_COMMAND.get(fact.command)
    if wish is None:
        return None
    attempt = fact.attempt if fact.HasField("attempt") else None
    reason = _REFUSAL.get(fact.reason, "unknown")
    return refused(fact.session_id, wish, reason, attempt=attempt)


# `Any`: the table's key says which fact it is.
NEWS: dict[str, Callable[[Any], wire.ServerEvent | None]] = {
    "offered": _offered,
    "offer_expired": lambda fact: _offer_gone(fact.session_id, fact.attempt, "expired"),
    "offer_declined": lambda fact: _offer_gone(fact.session_id, fact.attempt, "declined"),
    "offer_rescinded": lambda fact: _offer_gone(
        fact.session_id, fact.attempt, _RESCIND.get(fact.reason, "unknown")
    ),
    # Told by the number itself, when it may be shown.
    "confirmed": lambda _: None,
    "dial_started": lambda fact: _activity(fact.session_id, sessions.ACTIVITY_ON_CALL),
    "call_ended": lambda fact: _activity(fact.session_id, sessions.ACTIVITY_WRAP_UP),
    "ended": _ended,
    "outcome_amended": _amended,
    "signed_out": lambda fact: signed_out(fact.session_id, fact.reason),
    "session_gone": lambda fact: signed_out(fact.session_id, sessions.SIGN_OUT_REASON_GONE),
    "session_paused": lambda fact: _activity(
        fact.session_id, sessions.ACTIVITY_PAUSED, fact.reason
    ),
    "session_available": lambda fact: _activity(fact.session_id, sessions.ACTIVITY_AVAILABLE),
    "session_draining": lambda fact: _activity(fact.session_id, sessions.ACTIVITY_DRAINING),
    "command_refused": _refused,
}
"""News of each fact that names the nonce to be told; facts without an entry concern no desk."""

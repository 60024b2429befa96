from typing import Any

import pytest

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2, session_pb2
from seatline.gateway.v1 import gateway_service_pb2 as wire
from services.gateway.adapters import news
from tests.fakes.scripted_dispatcher import attempt

ABOUT: dict[str, Any] = {"session_id": "S-1", "nonce": b"n"}
TOLD: dict[str, tuple[Any, dict[str, Any]]] = {
    "offer_expired": (
        facts_pb2.OfferExpired(attempt=attempt(), **ABOUT),
        {"offer_gone": wire.OfferGoneNotice(attempt=attempt(), reason="expired")},
    ),
    "offer_declined": (
        facts_pb2.OfferDeclined(attempt=attempt(), **ABOUT),
        {"offer_gone": wire.OfferGoneNotice(attempt=attempt(), reason="declined")},
    ),
    "offer_rescinded": (
        facts_pb2.OfferRescinded(
            attempt=attempt(), reason=facts_pb2.RESCIND_REASON_STOPPED, **ABOUT
        ),
        {"offer_gone": wire.OfferGoneNotice(attempt=attempt(), reason="stopped")},
    ),
    "dial_started": (
        facts_pb2.DialStarted(attempt=attempt(), **ABOUT),
        {"activity": wire.ActivityNotice(activity=session_pb2.ACTIVITY_ON_CALL)},
    ),
    "call_ended": (
        facts_pb2.CallEnded(attempt=attempt(), **ABOUT),
        {"activity": wire.ActivityNotice(activity=session_pb2.ACTIVITY_WRAP_UP)},
    ),
    "outcome_amended": (
        facts_pb2.OutcomeAmended(attempt=attempt(), **ABOUT),
        {"saved": wire.SavedNotice(attempt=attempt())},
    ),
    "session_paused": (
        session_pb2.SessionPaused(reason="not_answering", **ABOUT),
        {
            "activity": wire.ActivityNotice(
                activity=session_pb2.ACTIVITY_PAUSED, reason="not_answering"
            )
        },
    ),
    "session_available": (
        session_pb2.SessionAvailable(**ABOUT),
        {"activity": wire.ActivityNotice(activity=session_pb2.ACTIVITY_AVAILABLE)},
    ),
    "session_draining": (
        session_pb2.SessionDraining(**ABOUT),
        {"activity": wire.ActivityNotice(activity=session_pb2.ACTIVITY_DRAINING)},
    ),
    "signed_out": (
        session_pb2.SignedOut(reason=session_pb2.SIGN_OUT_REASON_ASKED, **ABOUT),
        {"signed_out": wire.SignedOutNotice(reason=session_pb2.SIGN_OUT_REASON_ASKED)},
    ),
    "session_gone": (
        session_pb2.SessionGone(**ABOUT),
        {"signed_out": wire.SignedOutNotice(reason=session_pb2.SIGN_OUT_REASON_GONE)},
    ),
    "command_refused": (
        session_pb2.CommandRefused(
            command="accept_offer",
            reason=session_pb2.REFUSAL_REASON_NO_SUCH_OFFER,
            attempt=attempt(),
            **ABOUT,
        ),
        {"refused": wire.RefusedNotice(wish="accept", reason="no_such_offer", attempt=attempt())},
    ),
}


@pytest.mark.parametrize("kind", TOLD)
def test_each_fact_is_told_by_its_notice(kind: str) -> None:
    fact, notice = TOLD[kind]
    assert news.NEWS[kind](fact) == wire.ServerEvent(session_id="S-1", **notice)


def test_an_offer_is_told_without_what_only_the_log_needs() -> None:
    fact = facts_pb2.Offered(
        attempt=attempt(), seat_id="S24-35", language="hi", campaign="c", priority=9, **ABOUT
    )
    fact.lease_until.seconds = 7
    told = news.NEWS["offered"](fact)
    assert told is not None
    assert told.offer.lease_until.seconds == 7
    assert (told.offer.seat_id, told.offer.language) == ("S24-35", "hi")
    assert (told.offer.campaign, told.offer.priority) == ("c", 9)


@pytest.mark.parametrize(
    ("reason", "notice"),
    [
        (facts_pb2.END_REASON_OUTCOME, "saved"),
        (facts_pb2.END_REASON_NOT_GIVEN, "call_over"),
        (facts_pb2.END_REASON_NEVER_DIALLED, "call_over"),
        (facts_pb2.END_REASON_INTERRUPTED, "call_over"),
        (facts_pb2.END_REASON_WITHDRAWN, "call_over"),
    ],
)
def test_only_an_end_by_outcome_is_told_as_saved(
    reason: facts_pb2.EndReason.ValueType, notice: str
) -> None:
    told = news.NEWS["ended"](facts_pb2.Ended(attempt=attempt(), reason=reason, **ABOUT))
    assert told is not None
    assert told.WhichOneof("kind") == notice


def test_a_refused_announcement_is_no_business_of_the_desk() -> None:
    assert news.NEWS["command_refused"](session_pb2.CommandRefused(command="unsealing")) is None


def test_a_confirm_is_told_by_its_number_alone() -> None:
    assert news.NEWS["confirmed"](facts_pb2.Confirmed(attempt=attempt(), **ABOUT)) is None


def test_every_fact_with_news_names_the_nonce_to_be_told() -> None:
    kinds = facts_pb2.Fact.DESCRIPTOR.oneofs_by_name["kind"].fields
    named = {kind.name for kind in kinds if "nonce" in {f.name for f in kind.message_type.fields}}
    assert named == {*news.NEWS, "signed_in"}


def test_every_command_of_a_desk_has_the_name_of_its_wish() -> None:
    wishes = {f.name for f in wire.ClientEvent.DESCRIPTOR.oneofs_by_name["kind"].fields}
    commands = {f.name for f in commands_pb2.Command.DESCRIPTOR.oneofs_by_name["kind"].fields}
    assert set(news.WISH_OF_COMMAND.values()) == wishes
    assert set(news.WISH_OF_COMMAND) <= commands


@pytest.mark.parametrize(("reason", "retry_s"), [("busy", 1), ("not_acknowledged", 1)])
def test_what_was_refused_for_now_only_says_when_to_try_again(reason: str, retry_s: int) -> None:
    assert news.refused("S-1", "accept", reason).refused.retry_after.ToSeconds() == retry_s


def test_what_will_never_be_taken_says_no_time_to_try_again() -> None:
    assert not news.refused("S-1", "accept", "not_signed_in").refused.HasField("retry_after")

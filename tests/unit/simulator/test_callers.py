import pytest

from services.simulator.domain.calls import Reaction
from services.simulator.domain.news import (
    Activity,
    ActivityChanged,
    CallOver,
    NumberShown,
    Offered,
    OfferGone,
    Saved,
    SignedOut,
    WishRefused,
)
from services.simulator.domain.patience import STUCK_MS
from services.simulator.domain.stance import Stance
from services.simulator.domain.wishes import (
    Accept,
    BeReady,
    Decline,
    HangUp,
    Rest,
    SignIn,
    SignOut,
)
from tests.unit.simulator.desk import ONE, TWO, WALL, Desk, outcome, plan


def test_a_fresh_stream_signs_in_without_a_token() -> None:
    assert Desk().connect() == [SignIn("C001", ("te",), b"")]


def test_an_unanswered_sign_in_is_repeated() -> None:
    desk = Desk()
    desk.connect()
    assert desk.until_due() == [SignIn("C001", ("te",), b"")]
    assert desk.now == 6_000.0


def test_the_caller_is_ready_from_the_sign_in_notice_on() -> None:
    desk = Desk()
    desk.connect()
    desk.now = 1_500.0
    desk.signed_in()
    assert desk.caller.ready_ms == 1_500.0


def test_an_offer_is_accepted_after_a_moment_of_thought() -> None:
    desk = Desk()
    desk.connect()
    desk.signed_in()
    assert desk.hear(Offered(ONE)) == []
    assert desk.until_due() == [Accept(ONE)]
    assert desk.now == 1_100.0


def test_a_declining_caller_is_ready_at_once() -> None:
    desk = Desk(plan(Reaction.DECLINE))
    desk.connect()
    desk.signed_in()
    desk.hear(Offered(ONE))
    assert desk.until_due() == [Decline(ONE)]
    assert desk.caller.ready_ms == desk.now
    desk.hear(OfferGone(ONE, "declined"))
    assert desk.caller.ready_ms == desk.now


def test_a_caller_who_misses_an_offer_is_ready_once_it_is_gone() -> None:
    desk = Desk(plan(Reaction.MISS))
    desk.connect()
    desk.signed_in()
    desk.hear(Offered(ONE))
    assert desk.caller.due_ms == float("inf")
    desk.now = 21_000.0
    desk.hear(OfferGone(ONE, "expired"))
    assert desk.caller.stance is Stance.READY
    assert desk.caller.ready_ms == 21_000.0


def test_a_rest_begins_with_the_outcome_and_ends_with_a_wish() -> None:
    desk = Desk(plan(rest_ms=3_000.0)).on_call()
    assert desk.until_due() == [outcome(), Rest("break")]
    desk.hear(Saved(ONE))
    desk.hear(ActivityChanged(Activity.PAUSED))
    assert desk.hear(Offered(TWO)) == []
    assert desk.until_due() == [BeReady()]
    assert desk.caller.ready_ms == desk.now


def test_a_pause_of_the_dispatchers_is_ended_by_the_caller() -> None:
    desk = Desk()
    desk.connect()
    desk.signed_in()
    desk.hear(ActivityChanged(Activity.PAUSED))
    assert desk.until_due() == [BeReady()]


def test_nothing_is_dialled_after_dial_by() -> None:
    desk = Desk()
    desk.connect()
    desk.signed_in()
    desk.hear(Offered(ONE))
    desk.until_due()
    desk.hear(NumberShown(ONE, "+911000000001", WALL - 1))
    assert desk.caller.due_ms == desk.now


def test_a_talk_goes_on_while_the_stream_is_broken() -> None:
    desk = Desk().on_call()
    desk.caller.disconnected()
    assert desk.caller.due_ms == float("inf")
    desk.now = 60_000.0
    assert desk.connect() == [SignIn("C001", ("te",), b"t1")]
    assert desk.signed_in(Activity.ON_CALL, b"t2") == []
    assert desk.caller.act(desk.now) == [outcome()]


def test_a_call_that_the_dispatcher_has_ended_is_wrapped_up_at_the_resume() -> None:
    desk = Desk().on_call()
    desk.caller.disconnected()
    desk.connect()
    assert desk.signed_in(Activity.AVAILABLE, b"t2") == [outcome()]
    assert desk.caller.stance is Stance.READY


def test_an_accept_lost_with_the_stream_is_said_again() -> None:
    desk = Desk()
    desk.connect()
    desk.signed_in()
    desk.hear(Offered(ONE))
    desk.until_due()
    desk.caller.disconnected()
    desk.connect()
    assert desk.signed_in(Activity.OFFERED, b"t2") == [Accept(ONE)]


def test_a_number_lost_with_the_stream_is_hung_up_unseen() -> None:
    desk = Desk()
    desk.connect()
    desk.signed_in()
    desk.hear(Offered(ONE))
    desk.until_due()
    desk.caller.disconnected()
    desk.connect()
    assert desk.signed_in(Activity.ON_CALL, b"t2") == [HangUp(ONE), BeReady()]


def test_a_number_shown_again_does_not_begin_the_talk_anew() -> None:
    desk = Desk().on_call()
    ends = desk.caller.due_ms
    desk.now += 5_000.0
    desk.hear(NumberShown(ONE, "+911000000001", WALL + 15_000))
    assert desk.caller.due_ms == ends


def test_the_answer_to_a_repeated_sign_in_changes_nothing() -> None:
    desk = Desk().on_call()
    desk.signed_in()
    assert desk.caller.stance is Stance.ON_CALL


def test_a_call_over_without_the_desk_frees_the_caller() -> None:
    desk = Desk().on_call()
    desk.hear(CallOver(ONE, "interrupted"))
    assert desk.caller.stance is Stance.READY


def test_a_session_that_is_over_signs_in_anew_without_its_token() -> None:
    desk = Desk()
    desk.connect()
    desk.signed_in()
    desk.hear(SignedOut("gone"))
    assert desk.until_due() == [SignIn("C001", ("te",), b"")]


@pytest.mark.parametrize(
    ("reason", "stance"), [("busy", Stance.OFFERED), ("no_such_offer", Stance.READY)]
)
def test_a_refused_accept_is_repeated_only_while_the_offer_stands(
    reason: str, stance: Stance
) -> None:
    desk = Desk()
    desk.connect()
    desk.signed_in()
    desk.hear(Offered(ONE))
    desk.until_due()
    desk.hear(WishRefused("accept", reason, ONE))
    assert desk.caller.stance is stance


def test_an_accept_that_nobody_answers_is_counted_as_stuck() -> None:
    desk = Desk()
    desk.connect()
    desk.signed_in()
    desk.hear(Offered(ONE))
    desk.until_due()
    accepted = desk.now
    assert desk.until_due() == []
    assert desk.now == accepted + STUCK_MS
    assert desk.caller.stuck == 1


def test_whoever_leaves_does_not_come_back() -> None:
    desk = Desk()
    desk.connect()
    desk.signed_in()
    assert desk.caller.leave() == [SignOut()]
    desk.hear(SignedOut("asked"))
    assert desk.caller.due_ms == float("inf")
    assert desk.connect() == []
    early = Desk()
    early.connect()
    early.caller.leave()
    assert early.until_due() == []
    assert early.caller.due_ms == float("inf")

import pytest

from services.simulator.domain.news import Activity, Saved, WishRefused
from services.simulator.domain.stance import Stance
from services.simulator.domain.wishes import HangUp, SignIn, Wish
from tests.unit.simulator.desk import ONE, Desk, outcome, plan


def test_the_outcome_ends_the_call_and_is_kept_until_it_is_saved() -> None:
    desk = Desk().on_call()
    assert desk.until_due() == [outcome()]
    assert desk.caller.stance is Stance.READY
    assert desk.caller.ready_ms == desk.now
    assert desk.until_due() == [outcome(again=True)]
    desk.hear(Saved(ONE))
    assert not desk.caller.unsaved
    assert desk.caller.due_ms == float("inf")


def test_a_caller_who_hangs_up_first_gives_the_outcome_after_the_wrap_up() -> None:
    desk = Desk(plan(wrap_up_ms=2_000.0)).on_call()
    assert desk.until_due() == [HangUp(ONE)]
    hung_up = desk.now
    assert desk.until_due() == [outcome()]
    assert desk.now == hung_up + 2_000.0


def test_an_outcome_lost_with_the_stream_is_said_again_on_the_next() -> None:
    desk = Desk().on_call()
    desk.until_due()
    desk.caller.disconnected()
    desk.connect()
    assert desk.signed_in(Activity.WRAP_UP, b"t2") == [outcome(again=True)]


def test_a_session_that_the_gateway_does_not_know_signs_in_with_its_token() -> None:
    desk = Desk().on_call()
    desk.until_due()
    desk.hear(WishRefused("outcome", "not_signed_in", ONE))
    assert desk.until_due() == [SignIn("C001", ("te",), b"t1", (outcome(again=True),))]


def test_what_is_kept_is_said_with_each_sign_in_until_it_is_saved() -> None:
    desk = Desk().on_call()
    desk.until_due()
    desk.caller.disconnected()
    assert desk.connect() == [SignIn("C001", ("te",), b"t1", (outcome(again=True),))]
    desk.hear(WishRefused("sign_in", "unknown_centre", None))
    desk.hear(Saved(ONE))
    assert desk.until_due() == [SignIn("C001", ("te",), b"t1")]


@pytest.mark.parametrize(
    ("wish", "again"),
    [
        ("sign_in", SignIn("C001", ("te",), b"t1", (outcome(again=True),))),
        ("outcome", outcome(again=True)),
    ],
)
def test_a_refused_wish_that_must_come_through_is_said_again(wish: str, again: Wish) -> None:
    desk = Desk().on_call()
    desk.until_due()
    refused_at = desk.now
    desk.hear(WishRefused(wish, "busy", None))
    assert desk.until_due() == [again]
    assert desk.now == refused_at + 1_000.0

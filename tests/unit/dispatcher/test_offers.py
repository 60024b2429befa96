from services.dispatcher.domain.facts import Attempt, Offered
from services.dispatcher.domain.inputs import AcceptOffer
from services.dispatcher.domain.words import (
    NOT_ANSWERING,
    DrainReason,
    NotUnsealedReason,
    RefusalReason,
    ReturnReason,
    SignOutReason,
)
from tests.support.builders import (
    MAX_WAIT,
    MIN,
    OTHER_CENTRE,
    OTHER_SEAT,
    S,
    accept,
    attempt,
    confirmed,
    decline,
    not_unsealed,
    offer_declined,
    offer_expired,
    offered,
    queued,
    refused,
    returned,
    routed,
    session_draining,
    session_paused,
    sign_in,
    signed_in,
    signed_out,
)
from tests.support.scenario import AVAILABLE, CONFIRMED, OFFERED, QUEUED, given

NO_SUCH_OFFER = refused("s1", "accept_offer", RefusalReason.NO_SUCH_OFFER, attempt("c1"))


def test_a_ready_caller_gets_a_new_contact_at_once() -> None:
    given(*AVAILABLE).when(routed("c1"), at=3 * S).looking().then(
        queued("c1"), offered("c1", "s1", lease_until=23 * S)
    )


def test_a_waiting_contact_goes_to_a_caller_who_sits_down() -> None:
    given(*QUEUED).when(sign_in("s1"), at=3 * S).looking().then(
        signed_in("s1"), offered("c1", "s1", lease_until=23 * S)
    )


def test_an_accept_before_the_lease_ends_is_confirmed_with_a_full_dial_window() -> None:
    given(*OFFERED).when(accept("c1", "s1"), at=20 * S - 1).then(
        confirmed("c1", "s1", dial_by=35 * S - 1)
    )


def test_an_accept_at_the_end_of_the_lease_is_confirmed_unless_the_expiry_was_written() -> None:
    given(*OFFERED).when(accept("c1", "s1"), at=20 * S).looking().then(
        confirmed("c1", "s1", dial_by=35 * S)
    )
    given(*OFFERED).looking(20 * S).when(accept("c1", "s1")).then(
        offer_expired("c1", "s1"),
        offered("c1", "s1", 2, lease_until=40 * S),
        NO_SUCH_OFFER,
    )


def test_an_accept_after_the_lease_comes_too_late_even_before_the_expiry_is_written() -> None:
    given(*OFFERED).when(accept("c1", "s1"), at=20 * S + 1).then(NO_SUCH_OFFER).looking().then(
        offer_expired("c1", "s1"), offered("c1", "s1", 2, lease_until=40 * S + 1)
    )


def test_an_accept_after_the_expiry_does_not_take_the_next_offer() -> None:
    script = given(*OFFERED).passing(20 * S)
    script.then(offer_expired("c1", "s1"), offered("c1", "s1", 2, lease_until=40 * S))
    script.when(accept("c1", "s1"), at=21 * S).then(NO_SUCH_OFFER)
    script.when(accept("c1", "s1", 2), at=22 * S).then(confirmed("c1", "s1", 2, dial_by=37 * S))


def test_a_second_accept_confirms_nothing() -> None:
    given(*OFFERED).when(accept("c1", "s1"), at=S).then(confirmed("c1", "s1", dial_by=16 * S)).when(
        accept("c1", "s1"), at=2 * S
    ).then(NO_SUCH_OFFER)


def test_nobody_else_can_accept_an_offer() -> None:
    given(*OFFERED, signed_in("s2")).when(accept("c1", "s2"), at=S).then(
        refused("s2", "accept_offer", RefusalReason.NO_SUCH_OFFER, attempt("c1"))
    )


def test_an_accept_of_another_release_confirms_nothing() -> None:
    other = Attempt("c1", 2, 1)
    refusal = refused("s1", "accept_offer", RefusalReason.NO_SUCH_OFFER, other)
    given(*OFFERED).when(AcceptOffer("s1", 1, other), at=S).then(refusal)


def test_an_unknown_session_can_accept_nothing() -> None:
    given(*OFFERED).when(accept("c1", "s9"), at=S).then(
        refused("s9", "accept_offer", RefusalReason.UNKNOWN_SESSION, attempt("c1"))
    )


def test_a_confirm_ends_at_allow_until_at_the_latest() -> None:
    given(*AVAILABLE, queued("c1", allow_until=30 * S), offered("c1", "s1")).when(
        accept("c1", "s1"), at=19 * S
    ).then(confirmed("c1", "s1", dial_by=30 * S))


def test_an_offer_stands_for_its_whole_lease_and_then_the_contact_goes_to_the_next_caller() -> None:
    script = given(*OFFERED, signed_in("s2")).passing(20 * S - 1).then()
    script.passing(1).then(
        offer_expired("c1", "s1"), offered("c1", "s2", 2, lease_until=40 * S, ready_callers=2)
    )


def test_a_declined_offer_goes_to_the_caller_idle_longest_which_is_not_the_decliner() -> None:
    given(*OFFERED, signed_in("s2")).when(decline("c1", "s1"), at=5 * S).looking().then(
        offer_declined("c1", "s1"),
        offered("c1", "s2", 2, lease_until=25 * S, ready_callers=2),
    )


def test_a_decline_after_the_confirm_is_refused() -> None:
    given(*CONFIRMED).when(decline("c1", "s1"), at=S).then(
        refused("s1", "decline_offer", RefusalReason.NO_SUCH_OFFER, attempt("c1"))
    )


def test_a_silent_caller_with_one_contact_is_paused_then_leaves_and_the_contact_goes_back() -> None:
    script = given(*OFFERED).passing(20 * S)
    script.then(offer_expired("c1", "s1"), offered("c1", "s1", 2, lease_until=40 * S))
    script.passing(20 * S).then(
        offer_expired("c1", "s1", 2), session_paused("s1", NOT_ANSWERING, 40 * S + 15 * MIN)
    )
    script.passing(MAX_WAIT - 40 * S - 1).then()
    script.passing(1).then(returned("c1", ReturnReason.MAX_WAIT, MAX_WAIT))
    script.passing(15 * MIN + 40 * S - MAX_WAIT - 1).then()
    script.passing(1).then(
        session_draining("s1", DrainReason.PAUSED_TOO_LONG),
        signed_out("s1", SignOutReason.DRAINED),
    )


def test_a_contact_missed_by_three_callers_goes_back() -> None:
    script = given(*OFFERED, signed_in("s2"), signed_in("s3"), signed_in("s4")).passing(60 * S)
    assert script.so_far() == [
        offer_expired("c1", "s1"),
        offered("c1", "s2", 2, lease_until=40 * S, ready_callers=4),
        offer_expired("c1", "s2", 2),
        offered("c1", "s3", 3, lease_until=60 * S, ready_callers=4),
        offer_expired("c1", "s3", 3),
        returned("c1", ReturnReason.MISSED, 60 * S),
    ]


def test_an_answered_offer_forgives_the_caller_an_earlier_miss() -> None:
    script = given(*OFFERED).passing(20 * S)
    script.when(accept("c1", "s1", 2), at=21 * S).so_far()
    script.when(not_unsealed("c1", "s1", NotUnsealedReason.UNREADABLE, 2), at=22 * S).so_far()
    script.when(routed("c2"), at=23 * S).looking().passing(20 * S)
    script.then(
        queued("c2"),
        offered("c2", "s1", lease_until=43 * S),
        offer_expired("c2", "s1"),
        offered("c2", "s1", 2, lease_until=63 * S),
    )


def test_a_missed_contact_keeps_its_place_before_later_ones() -> None:
    script = given(*OFFERED).given(queued("c2"), at=S).passing(19 * S)
    script.then(
        offer_expired("c1", "s1"),
        offered("c1", "s1", 2, lease_until=40 * S, waiting_contacts=2),
    )


def test_a_miss_resets_the_callers_idle_time() -> None:
    script = given(*OFFERED).given(signed_in("s2"), queued("c2"), at=19 * S)
    script.looking().then(offered("c2", "s2", lease_until=39 * S))
    script.given(signed_in("s3"), at=19 * S).passing(S).then(
        offer_expired("c1", "s1"),
        offered("c1", "s3", 2, lease_until=40 * S, ready_callers=2),
    )


def test_the_caller_idle_longest_comes_first() -> None:
    given().given(signed_in("s2"), at=S).given(signed_in("s1"), at=2 * S).given(
        signed_in("s3"), at=3 * S
    ).when(routed("c1"), at=4 * S).looking().then(
        queued("c1"), offered("c1", "s2", lease_until=24 * S, ready_callers=3)
    )


def test_higher_priority_comes_first_and_then_the_older_contact() -> None:
    script = given(queued("low", priority=1), queued("first"), queued("second")).given(
        queued("late", priority=9), at=S
    )
    for number in range(1, 5):
        script.when(sign_in(f"s{number}"), at=number * S + S).looking()
    order = [fact.attempt.contact_id for fact in script.so_far() if isinstance(fact, Offered)]
    assert order == ["late", "first", "second", "low"]


def test_a_caller_gets_only_contacts_of_the_own_languages_or_of_any() -> None:
    script = given(signed_in("s1", languages=("ta", "en")), queued("hindi", language="hi"))
    script.looking().then()
    script.when(routed("any"), at=S).looking().then(
        queued("any"), offered("any", "s1", lease_until=21 * S, waiting_contacts=2)
    )
    script.when(sign_in("s2", languages=("hi",)), at=2 * S).looking().then(
        signed_in("s2"), offered("hindi", "s2", lease_until=22 * S, language="hi")
    )


def test_a_contact_that_no_ready_caller_can_serve_holds_up_nobody_behind_it() -> None:
    given(
        queued("tamil", language="ta", priority=9), queued("hindi", language="hi"), *AVAILABLE
    ).looking(S).then(offered("hindi", "s1", lease_until=21 * S, language="hi", waiting_contacts=2))


def test_a_caller_of_another_centre_gets_nothing() -> None:
    script = given(signed_in("s1", centre_id=OTHER_CENTRE), *QUEUED).looking(S).then()
    script.when(routed("c2", centre_id=OTHER_CENTRE, seat_id=OTHER_SEAT)).looking().then(
        queued("c2", centre_id=OTHER_CENTRE, seat_id=OTHER_SEAT),
        offered("c2", "s1", lease_until=21 * S, seat_id=OTHER_SEAT),
    )


def test_one_caller_holds_one_contact_at_a_time() -> None:
    given(*OFFERED, queued("c2")).passing(19 * S).then()


def test_a_contact_waits_until_the_policy_ends_its_wait() -> None:
    given(*QUEUED).passing(MAX_WAIT - 1).then().passing(1).then(
        returned("c1", ReturnReason.MAX_WAIT, MAX_WAIT)
    )


def test_a_contact_goes_back_when_too_little_time_is_left_for_lease_and_dialling() -> None:
    given(queued("c1", allow_until=60 * S)).passing(25 * S - 1).then().passing(1).then(
        returned("c1", ReturnReason.TIME_OVER, 25 * S)
    )


def test_a_contact_that_comes_with_too_little_time_is_not_offered() -> None:
    given(*AVAILABLE).when(routed("c1", allow_until=34 * S), at=0).looking().then(
        queued("c1", allow_until=34 * S), returned("c1", ReturnReason.TIME_OVER)
    )

import pytest

from services.dispatcher.domain import facts
from services.dispatcher.domain.inputs import Command, Pause, SignOut
from services.dispatcher.domain.inputs import MakeAvailable as Ready
from services.dispatcher.domain.words import (
    Disposition,
    DrainReason,
    EndReason,
    RefusalReason,
    RescindReason,
    SignOutReason,
)
from tests.support.builders import (
    HOUR,
    MIN,
    OTHER_CENTRE,
    OTHER_SEAT,
    S,
    accept,
    attempt,
    decline,
    ended,
    hang_up,
    offer_rescinded,
    offered,
    outcome,
    queued,
    refused,
    routed,
    session_available,
    session_draining,
    session_paused,
    sign_in,
    signed_in,
    signed_out,
)
from tests.support.scenario import (
    AVAILABLE,
    CONFIRMED,
    OFFERED,
    ON_CALL,
    WRAPPING_UP,
    Scenario,
    given,
)

LUNCH = session_paused("s1", "lunch", HOUR + S)
PAUSED = (*AVAILABLE, session_paused("s1", "lunch", HOUR))
REACHED = ended("c1", "s1", EndReason.OUTCOME, disposition=Disposition.REACHED)
busy = pytest.mark.parametrize("place", [ON_CALL, WRAPPING_UP], ids=["on call", "wrap-up"])


def offers(script: Scenario) -> list[tuple[str, str]]:
    return [
        (fact.attempt.contact_id, fact.session_id)
        for fact in script.so_far()
        if isinstance(fact, facts.Offered)
    ]


def test_a_paused_caller_gets_nothing_until_ready_again() -> None:
    script = given(*AVAILABLE).when(Pause("s1", 1, "lunch"), at=S).then(LUNCH)
    script.when(routed("c1"), at=2 * S).looking().then(queued("c1"))
    script.when(Ready("s1", 1), at=3 * S).looking().then(
        session_available("s1"), offered("c1", "s1", lease_until=23 * S)
    )


def test_a_pause_takes_the_offer_back_and_the_contact_keeps_its_place() -> None:
    script = given(*OFFERED, queued("c2")).when(Pause("s1", 1, "lunch"), at=S)
    script.then(offer_rescinded("c1", "s1", RescindReason.SESSION_LEFT), LUNCH)
    script.given(signed_in("s2"), at=2 * S).looking().then(
        offered("c1", "s2", 2, lease_until=22 * S, waiting_contacts=2)
    )


@busy
def test_a_pause_during_a_call_begins_after_it(place: tuple[facts.Fact, ...]) -> None:
    script = given(*place, queued("c2")).when(Pause("s1", 1, "lunch"), at=S).then(LUNCH)
    script.when(outcome("c1", "s1"), at=9 * S).looking().then(REACHED)
    script.when(Ready("s1", 1), at=10 * S).looking()
    script.then(session_available("s1"), offered("c2", "s1", lease_until=30 * S))


def test_a_pause_asked_for_during_a_call_can_be_called_off() -> None:
    script = given(*ON_CALL, queued("c2")).when(Pause("s1", 1, "lunch"), at=S).then(LUNCH)
    script.when(Ready("s1", 1), at=2 * S).then(session_available("s1"))
    script.when(outcome("c1", "s1"), at=9 * S).looking().then(
        REACHED, offered("c2", "s1", lease_until=29 * S)
    )


def test_a_pause_that_lasts_too_long_ends_the_session() -> None:
    given(*PAUSED).passing(HOUR - 1).then().passing(1).then(
        session_draining("s1", DrainReason.PAUSED_TOO_LONG),
        signed_out("s1", SignOutReason.DRAINED),
    )


def test_a_pause_ended_in_time_ends_nothing_later() -> None:
    given(*PAUSED).when(Ready("s1", 1), at=HOUR - S).then(session_available("s1")).passing(
        2 * HOUR
    ).then()


def test_ready_callers_may_say_so_again_and_callers_on_calls_may_not() -> None:
    given(*AVAILABLE).when(Ready("s1", 1), at=S).then()
    given(*ON_CALL).when(Ready("s1", 1), at=S).then(
        refused("s1", "make_available", RefusalReason.WRONG_ACTIVITY)
    )


@pytest.mark.parametrize("place", [AVAILABLE, PAUSED], ids=["available", "paused"])
def test_a_free_caller_leaves_at_once(place: tuple[facts.Fact, ...]) -> None:
    script = given(*place).when(SignOut("s1", 1), at=S)
    script.then(signed_out("s1", SignOutReason.ASKED))
    script.when(routed("c1"), at=2 * S).passing(MIN).then(queued("c1"))


def test_a_caller_with_an_offer_leaves_at_once_and_the_contact_goes_to_another() -> None:
    given(*OFFERED, signed_in("s2")).when(SignOut("s1", 1), at=S).looking().then(
        offer_rescinded("c1", "s1", RescindReason.SESSION_LEFT),
        signed_out("s1", SignOutReason.ASKED),
        offered("c1", "s2", 2, lease_until=21 * S),
    )


@busy
def test_a_caller_on_a_call_leaves_after_it(place: tuple[facts.Fact, ...]) -> None:
    script = given(*place, queued("c2")).when(SignOut("s1", 1), at=S)
    script.then(session_draining("s1", DrainReason.ASKED))
    script.when(SignOut("s1", 1), at=2 * S).then()
    script.when(outcome("c1", "s1"), at=9 * S).looking().then(
        REACHED, signed_out("s1", SignOutReason.DRAINED)
    )


def test_a_caller_who_leaves_after_a_confirm_leaves_when_it_is_never_dialled() -> None:
    script = given(*CONFIRMED).when(SignOut("s1", 1), at=S)
    script.then(session_draining("s1", DrainReason.ASKED)).passing(15 * S)
    script.then(
        ended("c1", "s1", EndReason.NEVER_DIALLED, not_before=None, spent=False),
        signed_out("s1", SignOutReason.DRAINED),
    )


def test_a_caller_who_has_left_can_do_nothing_and_may_come_back() -> None:
    script = given(*AVAILABLE, signed_out("s1", SignOutReason.ASKED))
    script.when(Pause("s1", 1, "lunch"), at=S).then(
        refused("s1", "pause", RefusalReason.UNKNOWN_SESSION)
    )
    script.when(sign_in("s1", 2), at=2 * S).then(signed_in("s1", 2))


def test_generations_go_on_rising_after_a_sign_out() -> None:
    script = given(*AVAILABLE, signed_out("s1", SignOutReason.ASKED))
    script.when(sign_in("s1", 2), at=S).then(signed_in("s1", 2))
    script.when(SignOut("s1", 1), at=2 * S).then(
        refused("s1", "sign_out", RefusalReason.LOWER_GENERATION)
    )


@pytest.mark.parametrize(
    "command",
    [
        SignOut("s1", 1),
        Ready("s1", 1),
        Pause("s1", 1, "lunch"),
        accept("c1", "s1"),
        decline("c1", "s1"),
        hang_up("c1", "s1"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_commands_of_a_lower_generation_are_refused(command: Command) -> None:
    script = given(*OFFERED, signed_in("s1", 2, resumed=True)).when(command, at=S)
    (refusal,) = script.so_far()
    assert isinstance(refusal, facts.CommandRefused)
    assert refusal.reason is RefusalReason.LOWER_GENERATION


def test_a_generation_that_was_never_given_is_refused() -> None:
    (refusal,) = given(*OFFERED).when(accept("c1", "s1", generation=2), at=S).so_far()
    assert isinstance(refusal, facts.CommandRefused)


def test_a_repeated_sign_in_changes_nothing_even_an_older_one_that_comes_late() -> None:
    script = given(*AVAILABLE).when(sign_in("s1"), at=S).then()
    script.when(sign_in("s1", 2), at=2 * S).then(signed_in("s1", 2))
    script.when(sign_in("s1"), at=3 * S).then().when(sign_in("s1", 2), at=3 * S).then()


def test_nobody_signs_in_to_a_centre_that_is_not_here() -> None:
    given().when(sign_in("s1", centre_id="C999"), at=S).then(
        refused("s1", "sign_in", RefusalReason.UNKNOWN_CENTRE, told=b"s1/1")
    )


def test_one_caller_at_two_desks_is_one_session_at_the_second_desk() -> None:
    script = given(*OFFERED).when(sign_in("s1", 2), at=S).looking()
    script.then(
        offer_rescinded("c1", "s1", RescindReason.SESSION_REPLACED),
        signed_in("s1", 2),
        offered("c1", "s1", 2, lease_until=21 * S, generation=2),
    )
    script.when(accept("c1", "s1", 2), at=2 * S).then(
        refused("s1", "accept_offer", RefusalReason.LOWER_GENERATION, attempt("c1", 2))
    )


def test_a_caller_who_moves_to_another_centre_gets_nothing_from_the_former_one() -> None:
    script = given(*AVAILABLE).when(sign_in("s1", 2, centre_id=OTHER_CENTRE), at=S)
    script.then(signed_in("s1", 2, centre_id=OTHER_CENTRE))
    script.when(routed("c1"), at=2 * S).looking().then(queued("c1"))
    elsewhere = {"centre_id": OTHER_CENTRE, "seat_id": OTHER_SEAT}
    script.when(routed("c2", **elsewhere), at=3 * S).looking().then(
        queued("c2", **elsewhere),
        offered("c2", "s1", lease_until=23 * S, generation=2, seat_id=OTHER_SEAT),
    )


def test_a_caller_who_signs_in_anew_with_other_languages_gets_only_those() -> None:
    script = given(*AVAILABLE).when(sign_in("s1", 2, languages=("ta",)), at=0)
    script.when(routed("hindi", language="hi")).when(routed("tamil", language="ta")).looking()
    assert offers(script) == [("tamil", "s1")]


def test_a_caller_on_a_call_cannot_move_to_another_centre() -> None:
    given(*ON_CALL).when(sign_in("s1", 2, centre_id=OTHER_CENTRE), at=S).then(
        refused("s1", "sign_in", RefusalReason.WRONG_ACTIVITY, told=b"s1/2")
    )

import pickle

from services.dispatcher.domain.facts import GatewaySeen
from services.dispatcher.domain.words import (
    Disposition,
    EndReason,
    RefusalReason,
    ReturnReason,
)
from tests.support.builders import (
    BOOT,
    HOUR,
    WRAP_UP,
    S,
    accept,
    attempt,
    call_ended,
    confirmed,
    dial_started,
    ended,
    hang_up,
    offer_expired,
    offered,
    outcome,
    queued,
    refused,
    returned,
    routed,
    sign_in,
    signed_in,
    unsealing,
)
from tests.support.scenario import AVAILABLE, OFFERED, ON_CALL, QUEUED, Scenario, given


def test_an_accept_in_a_backlog_is_judged_by_when_it_was_said_and_dialled_from_now() -> None:
    given(*OFFERED).when(accept("c1", "s1"), at=5 * S, written_at=65 * S, behind=True).then(
        confirmed("c1", "s1", dial_by=80 * S)
    )


def test_an_accept_in_a_backlog_that_was_too_late_when_said_is_refused() -> None:
    given(*OFFERED).when(accept("c1", "s1"), at=21 * S, written_at=65 * S, behind=True).then(
        refused("s1", "accept_offer", RefusalReason.NO_SUCH_OFFER, attempt("c1"))
    )


def test_an_accept_in_a_backlog_never_confirms_past_allow_until() -> None:
    waiting = (*AVAILABLE, queued("c1", allow_until=70 * S), offered("c1", "s1"))
    given(*waiting).when(accept("c1", "s1"), at=5 * S, written_at=65 * S, behind=True).then(
        confirmed("c1", "s1", dial_by=70 * S)
    )
    given(*waiting).when(accept("c1", "s1"), at=5 * S, written_at=70 * S, behind=True).then(
        refused("s1", "accept_offer", RefusalReason.NOT_ALLOWED, attempt("c1"))
    )


def test_a_wrap_up_that_begins_in_a_backlog_counts_from_the_writing() -> None:
    given(*ON_CALL).when(hang_up("c1", "s1"), at=5 * S, written_at=65 * S, behind=True).then(
        call_ended("c1", "s1", wrap_up_until=65 * S + WRAP_UP)
    )


def test_nothing_is_offered_while_commands_are_behind() -> None:
    script = given(*AVAILABLE).when(routed("c1"), at=S, behind=True).looking(behind=True)
    script.then(queued("c1")).looking().then(offered("c1", "s1", lease_until=21 * S))


def test_a_ruling_read_while_commands_are_behind_moves_no_deadline() -> None:
    script = given(*OFFERED).when(routed("c2"), at=S, written_at=65 * S, behind=True)
    script.looking(behind=True).then(queued("c2"))


def test_a_backlog_of_a_minute_is_worked_off_in_its_own_time() -> None:
    script = given(*OFFERED, signed_in("s2"), queued("c2")).given(offered("c2", "s2"))
    script.alive = set()

    def read(item: object, at: int) -> Scenario:
        script.when(item, at=at, written_at=65 * S, behind=True)  # type: ignore[arg-type]
        return script.looking(behind=True)

    read(accept("c1", "s1"), 2 * S).then(confirmed("c1", "s1", dial_by=80 * S))
    read(sign_in("s3"), 12 * S).then(signed_in("s3"))
    read(accept("c2", "s2"), 19 * S).then(confirmed("c2", "s2", dial_by=80 * S))
    script.given(GatewaySeen(BOOT), at=65 * S).alive = {BOOT}
    script.looking().then()
    script.when(unsealing("c1", "s1"), at=66 * S).then(dial_started("c1", "s1"))


def test_an_unanswered_offer_of_a_backlog_expires_by_the_time_of_the_commands() -> None:
    script = given(*OFFERED).looking(19 * S, behind=True).then()
    script.looking(20 * S, behind=True).then(offer_expired("c1", "s1"))


def test_a_gateway_is_not_lost_while_its_signs_of_life_may_be_unread() -> None:
    script = given(*AVAILABLE)
    script.alive = set()
    script.looking(30 * S, behind=True).then()
    script.when(routed("c1")).looking(behind=True).then(queued("c1"))


def test_nothing_is_offered_or_confirmed_while_orders_are_not_fresh() -> None:
    script = given(*AVAILABLE).when(routed("c1"), at=S, fresh=False).looking(fresh=False)
    script.then(queued("c1"))
    script = given(*OFFERED).when(accept("c1", "s1"), at=S, fresh=False)
    script.then(refused("s1", "accept_offer", RefusalReason.NOT_ALLOWED, attempt("c1")))
    script.when(accept("c1", "s1"), at=2 * S).then(confirmed("c1", "s1", dial_by=17 * S))


def test_deadlines_and_outcomes_go_on_while_orders_are_not_fresh() -> None:
    script = given(*ON_CALL, queued("c2", allow_until=60 * S))
    script.when(outcome("c1", "s1"), at=S, fresh=False).then(
        ended("c1", "s1", EndReason.OUTCOME, disposition=Disposition.REACHED)
    )
    script.looking(25 * S, fresh=False).then(returned("c2", ReturnReason.TIME_OVER, 25 * S))


def test_offers_begin_again_at_once_when_orders_are_fresh() -> None:
    script = given(*AVAILABLE, *QUEUED).looking(S, fresh=False).then()
    script.looking(2 * S).then(offered("c1", "s1", lease_until=22 * S))


def test_the_rules_know_no_clock_but_the_moment() -> None:
    def story(script: Scenario) -> list[object]:
        script.when(routed("c1"), at=HOUR).looking().when(accept("c1", "s1"), at=HOUR + S)
        script.when(unsealing("c1", "s1"), at=HOUR + 2 * S).passing(2 * HOUR)
        return [(at_ms, fact) for at_ms, fact in script.log]

    assert story(given(*AVAILABLE)) == story(given(*AVAILABLE))


def test_a_floor_that_has_worked_for_long_is_no_larger_than_one_that_has_worked_for_a_while() -> (
    None
):
    script = given(signed_in("s1", languages=("hi", "ta", "en")))
    sizes = []
    for number in range(6_000):
        name, at = f"c{number:04}", number * S // 100
        script.when(routed(name), at=at).looking().when(accept(name, "s1"))
        script.when(unsealing(name, "s1")).when(outcome(name, "s1"))
        if number % 1_000 == 0:
            sizes.append(len(pickle.dumps(script.core.floor)))
    script.so_far()
    assert max(sizes[1:]) < 2 * sizes[1]

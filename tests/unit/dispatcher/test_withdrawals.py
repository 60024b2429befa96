from dataclasses import replace

import pytest

from services.dispatcher.domain import facts
from services.dispatcher.domain.words import (
    Disposition,
    EndReason,
    NotUnsealedReason,
    RefusalReason,
    RescindReason,
    WithdrawalKind,
)
from tests.support.builders import (
    MIN,
    S,
    accept,
    amended,
    attempt,
    contact,
    dial_started,
    ended,
    ended_unconfirmed,
    map_applied,
    not_unsealed,
    offer_rescinded,
    offered,
    outcome,
    queued,
    refused,
    routed,
    signed_in,
    unsealing,
    withdraw,
    withdrawal_applied,
)
from tests.support.scenario import (
    AVAILABLE,
    CONFIRMED,
    OFFERED,
    ON_CALL,
    QUEUED,
    WRAPPING_UP,
    given,
)

every_kind = pytest.mark.parametrize("kind", WithdrawalKind)
GONE = ended_unconfirmed("c1", EndReason.WITHDRAWN)


@every_kind
def test_a_queued_contact_ends_withdrawn(kind: WithdrawalKind) -> None:
    given(*QUEUED).when(withdraw("c1", kind), at=S).looking().then(
        withdrawal_applied("c1", kind), GONE
    )


@every_kind
def test_an_offer_is_taken_back_and_the_contact_ends(kind: WithdrawalKind) -> None:
    script = (
        given(*OFFERED)
        .when(withdraw("c1", kind), at=S)
        .looking()
        .then(
            withdrawal_applied("c1", kind),
            offer_rescinded("c1", "s1", RescindReason.WITHDRAWN),
            ended_unconfirmed("c1", EndReason.WITHDRAWN, 1, offered_at=0),
        )
    )
    script.when(routed("c2"), at=2 * S).looking().then(
        queued("c2"), offered("c2", "s1", lease_until=22 * S)
    )


@every_kind
def test_an_accept_that_loses_the_race_with_a_withdrawal_is_refused(kind: WithdrawalKind) -> None:
    given(*OFFERED).when(withdraw("c1", kind), at=S).when(accept("c1", "s1")).then(
        withdrawal_applied("c1", kind),
        refused("s1", "accept_offer", RefusalReason.NOT_ALLOWED, attempt("c1")),
    ).looking().then(
        offer_rescinded("c1", "s1", RescindReason.WITHDRAWN),
        ended_unconfirmed("c1", EndReason.WITHDRAWN, 1, offered_at=0),
    )


@every_kind
def test_a_confirmed_contact_ends_withdrawn_when_its_number_was_not_shown(
    kind: WithdrawalKind,
) -> None:
    script = given(*CONFIRMED).when(withdraw("c1", kind), at=S).looking()
    script.then(withdrawal_applied("c1", kind))
    script.when(not_unsealed("c1", "s1", NotUnsealedReason.WITHDRAWN), at=2 * S).then(
        ended("c1", "s1", EndReason.WITHDRAWN, spent=False)
    )


@every_kind
def test_a_number_announced_before_the_withdrawal_was_read_stands(kind: WithdrawalKind) -> None:
    script = given(*CONFIRMED).when(withdraw("c1", kind), at=S)
    script.when(unsealing("c1", "s1"), at=2 * S).looking().then(
        withdrawal_applied("c1", kind), dial_started("c1", "s1")
    )
    script.when(outcome("c1", "s1"), at=9 * S).then(
        ended("c1", "s1", EndReason.OUTCOME, disposition=Disposition.REACHED)
    )


@every_kind
@pytest.mark.parametrize("place", [ON_CALL, WRAPPING_UP], ids=["on call", "wrap-up"])
def test_after_unsealing_the_call_stands(
    kind: WithdrawalKind, place: tuple[facts.Fact, ...]
) -> None:
    script = given(*place).when(withdraw("c1", kind), at=S).looking()
    script.then(withdrawal_applied("c1", kind))
    script.when(outcome("c1", "s1"), at=9 * S).then(
        ended("c1", "s1", EndReason.OUTCOME, disposition=Disposition.REACHED)
    )


@every_kind
def test_a_contact_that_comes_after_its_withdrawal_is_never_offered(kind: WithdrawalKind) -> None:
    script = given(*AVAILABLE).when(withdraw("c1", kind), at=S)
    script.when(routed("c1"), at=2 * S).looking().then(
        withdrawal_applied("c1", kind), queued("c1"), GONE
    )


def test_a_withdrawal_meets_all_contacts_of_the_person_and_a_recall_only_its_own() -> None:
    person = contact("c1").person_key
    both = (queued("c1"), queued("c2", person_key=person), queued("c3"))
    given(*both).when(withdraw("c1"), at=S).looking().then(
        withdrawal_applied("c1"), GONE, ended_unconfirmed("c2", EndReason.WITHDRAWN)
    )
    recall = WithdrawalKind.RECALL
    given(*both).when(withdraw("c1", recall), at=S).looking().then(
        withdrawal_applied("c1", recall), GONE
    )


def test_an_offer_that_ran_out_beside_its_withdrawal_is_not_made_again() -> None:
    script = given(*OFFERED).when(withdraw("c1"), at=20 * S).looking()
    assert script.so_far()[-1] == ended_unconfirmed("c1", EndReason.WITHDRAWN, 1, offered_at=0)
    script.passing(MIN).so_far()


def test_a_contact_that_waits_for_its_map_ends_withdrawn_too() -> None:
    script = given(queued("c1", map_version=2)).when(withdraw("c1"), at=S).looking()
    script.then(withdrawal_applied("c1"), GONE)
    script.given(signed_in("s1"), map_applied(2), at=2 * S).passing(30 * S).then()


def test_a_withdrawal_is_forgotten_when_all_rulings_were_read_a_minute_behind_it() -> None:
    script = given().when(withdraw("c1"), at=S).then(withdrawal_applied("c1"))
    script.passing(9 * MIN, spread_read_to=61 * S - 1).then()
    script.when(routed("c1"), at=10 * MIN).looking(spread_read_to=61 * S - 1).then(
        queued("c1"), ended_unconfirmed("c1", EndReason.WITHDRAWN)
    )
    order = withdraw("c1")
    script.passing(S, spread_read_to=61 * S).then(
        facts.WithdrawalForgotten(order.person_key, order.contact_id)
    )


def test_a_forgotten_recall_names_its_contact() -> None:
    script = given().when(withdraw("c1", WithdrawalKind.RECALL), at=S).passing(60 * S)
    assert script.so_far()[-1] == facts.WithdrawalForgotten(b"", "c1")


def test_a_repeated_withdrawal_is_kept_from_the_last_time_on() -> None:
    script = given().when(withdraw("c1"), at=S).when(withdraw("c1"), at=50 * S).so_far()
    assert script == [withdrawal_applied("c1"), withdrawal_applied("c1")]
    again = given().when(withdraw("c1"), at=S).when(withdraw("c1"), at=50 * S)
    again.so_far()
    again.passing(60 * S - 1).then().passing(1)
    assert again.so_far() == [facts.WithdrawalForgotten(contact("c1").person_key, "")]


def test_an_opt_out_withdraws_the_persons_other_contacts() -> None:
    person = contact("c1").person_key
    script = given(*ON_CALL, queued("c2", person_key=person))
    script.when(outcome("c1", "s1", Disposition.OPT_OUT), at=9 * S).looking().then(
        ended("c1", "s1", EndReason.OUTCOME, disposition=Disposition.OPT_OUT),
        replace(withdrawal_applied("c1"), provisional=True),
        ended_unconfirmed("c2", EndReason.WITHDRAWN),
    )


def test_an_opt_out_from_a_disposition_is_kept_until_it_comes_as_an_order() -> None:
    script = given(*ON_CALL)
    script.when(outcome("c1", "s1", Disposition.OPT_OUT), at=9 * S).looking()
    script.passing(5 * MIN, spread_read_to=5 * MIN)
    script.when(routed("c1", release=2), at=6 * MIN)
    assert script.so_far()[-1] == ended_unconfirmed("c1", EndReason.WITHDRAWN, release=2)


def test_an_opt_out_that_came_back_as_an_order_is_forgotten_like_any_other() -> None:
    script = given(*ON_CALL)
    script.when(outcome("c1", "s1", Disposition.OPT_OUT), at=9 * S).looking()
    script.when(withdraw("c1"), at=12 * S).so_far()
    script.passing(S, spread_read_to=72 * S - 1).then()
    script.passing(S, spread_read_to=72 * S).then(
        facts.WithdrawalForgotten(contact("c1").person_key, "")
    )


def test_an_opt_out_of_a_contact_nobody_knows_is_forgotten_under_both_its_names() -> None:
    person = withdraw("c1")
    script = given(*AVAILABLE).when(outcome("c1", "s1", Disposition.OPT_OUT), at=9 * S)
    # As the bank publishes it: by the contact, under which it is kept here, and by the person.
    script.when(replace(person, person_key=b"", contact_id="c1"), at=12 * S)
    script.when(person, at=12 * S).so_far()
    script.passing(S, spread_read_to=72 * S).then(
        facts.WithdrawalForgotten(b"", "c1"), facts.WithdrawalForgotten(person.person_key, "")
    )


def test_a_late_opt_out_withdraws_a_later_live_release() -> None:
    script = given(queued("c1", release=2))
    script.when(outcome("c1", "s1", Disposition.OPT_OUT), at=9 * S).looking()
    news = script.so_far()
    assert news[0] == amended("c1", "s1", Disposition.OPT_OUT)
    assert news[-1] == ended_unconfirmed("c1", EndReason.WITHDRAWN, release=2)


def test_a_late_opt_out_of_an_earlier_attempt_withdraws_the_contact_and_its_person() -> None:
    person = contact("c1").person_key
    script = given(*QUEUED, queued("c2", person_key=person))
    script.when(outcome("c1", "s9", Disposition.OPT_OUT, number=7), at=9 * S).looking()
    news = script.so_far()
    assert news[0] == amended("c1", "s9", Disposition.OPT_OUT, 7)
    assert {fact.attempt.contact_id for fact in news if isinstance(fact, facts.Ended)} == {
        "c1",
        "c2",
    }

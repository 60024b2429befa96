import pytest

from services.dispatcher.domain.facts import OfferRescinded, StopApplied, StopLifted
from services.dispatcher.domain.inputs import LiftStop, NewStop
from services.dispatcher.domain.words import (
    Disposition,
    EndReason,
    NotUnsealedReason,
    RefusalReason,
    RescindReason,
    ReturnReason,
    StopScope,
)
from tests.support.builders import (
    CAMPAIGN,
    CENTRE,
    MIN,
    OTHER_CENTRE,
    OTHER_SEAT,
    SEAT,
    S,
    accept,
    attempt,
    ended,
    not_unsealed,
    offer_rescinded,
    offered,
    outcome,
    queued,
    refused,
    returned,
    routed,
    signed_in,
    withdraw,
    withdrawal_applied,
)
from tests.support.scenario import AVAILABLE, CONFIRMED, OFFERED, ON_CALL, given

covering = pytest.mark.parametrize(
    ("scope", "named"),
    [
        (StopScope.ALL, ""),
        (StopScope.CAMPAIGN, CAMPAIGN),
        (StopScope.SEAT, SEAT),
        (StopScope.CENTRE, CENTRE),
    ],
    ids=lambda value: getattr(value, "name", ""),
)


@covering
def test_a_stop_empties_the_queue_takes_offers_back_and_lasts_until_resumed(
    scope: StopScope, named: str
) -> None:
    script = (
        given(*OFFERED, queued("c2"))
        .when(NewStop(scope, named), at=S)
        .looking()
        .then(
            StopApplied(scope, named, open_offers=1),
            offer_rescinded("c1", "s1", RescindReason.STOPPED),
            returned("c1", ReturnReason.STOPPED, S),
            returned("c2", ReturnReason.STOPPED, S),
        )
    )
    script.when(routed("c3"), at=10 * MIN).looking().then(
        queued("c3"), returned("c3", ReturnReason.STOPPED)
    )
    script.when(LiftStop(scope, named), at=11 * MIN).then(StopLifted(scope, named))
    script.when(routed("c4")).looking().then(
        queued("c4"), offered("c4", "s1", lease_until=11 * MIN + 20 * S)
    )


@covering
def test_an_accept_that_loses_the_race_with_a_stop_is_refused(scope: StopScope, named: str) -> None:
    given(*OFFERED).when(NewStop(scope, named), at=S).when(accept("c1", "s1")).then(
        StopApplied(scope, named, open_offers=1),
        refused("s1", "accept_offer", RefusalReason.NOT_ALLOWED, attempt("c1")),
    )


@covering
def test_a_confirmed_contact_ends_stopped_when_its_number_was_not_shown(
    scope: StopScope, named: str
) -> None:
    given(*CONFIRMED).when(NewStop(scope, named), at=S).looking().then(
        StopApplied(scope, named)
    ).when(not_unsealed("c1", "s1", NotUnsealedReason.STOPPED), at=2 * S).then(
        ended("c1", "s1", EndReason.STOPPED, spent=False)
    )


@covering
def test_a_call_under_way_outlives_a_stop(scope: StopScope, named: str) -> None:
    given(*ON_CALL).when(NewStop(scope, named), at=S).looking().then(
        StopApplied(scope, named)
    ).when(outcome("c1", "s1"), at=9 * S).then(
        ended("c1", "s1", EndReason.OUTCOME, disposition=Disposition.REACHED)
    )


@pytest.mark.parametrize(
    ("scope", "named"),
    [
        (StopScope.CAMPAIGN, "other"),
        (StopScope.SEAT, OTHER_SEAT),
        (StopScope.CENTRE, OTHER_CENTRE),
        (StopScope.CENTRE, SEAT),
        (StopScope.ALL, CAMPAIGN),
    ],
)
def test_a_stop_of_something_else_stops_nothing_here(scope: StopScope, named: str) -> None:
    script = given(*AVAILABLE).when(NewStop(scope, named), at=S).looking()
    script.then(StopApplied(scope, named))
    script.when(routed("c1")).looking().then(queued("c1"), offered("c1", "s1", lease_until=21 * S))


def test_a_stop_and_a_resume_repeated_change_nothing() -> None:
    stop, lift = NewStop(StopScope.ALL, ""), LiftStop(StopScope.ALL, "")
    script = given().when(lift, at=S).then().when(stop).when(stop)
    script.then(StopApplied(StopScope.ALL, "")).when(lift).when(lift)
    script.then(StopLifted(StopScope.ALL, ""))


def test_two_stops_over_one_contact_need_two_resumes() -> None:
    script = given(*AVAILABLE).when(NewStop(StopScope.ALL, ""), at=S)
    script.when(NewStop(StopScope.SEAT, SEAT)).when(LiftStop(StopScope.ALL, "")).so_far()
    script.when(routed("c1")).looking().then(queued("c1"), returned("c1", ReturnReason.STOPPED))


def test_a_stop_of_hundreds_of_contacts_is_worked_off_one_by_one() -> None:
    script = given(*(queued(f"c{n}") for n in range(600)), signed_in("s1"))
    script.when(NewStop(StopScope.ALL, ""), at=S).then(StopApplied(StopScope.ALL, ""))
    sizes = []
    while decided := script.step():
        sizes.append(len(decided))
    assert (len(sizes), max(sizes)) == (600, 1)


def test_a_stop_counts_the_offers_that_it_takes_back() -> None:
    script = given(*OFFERED, signed_in("s2"), queued("c2"), offered("c2", "s2"))
    script.given(signed_in("s3"), queued("c3", campaign="other"), offered("c3", "s3"), queued("c4"))
    script.when(withdraw("c2"), at=S).when(NewStop(StopScope.CAMPAIGN, CAMPAIGN)).then(
        withdrawal_applied("c2"), StopApplied(StopScope.CAMPAIGN, CAMPAIGN, open_offers=1)
    )
    reasons = [f.reason for f in script.looking().so_far() if isinstance(f, OfferRescinded)]
    assert sorted(reasons) == [RescindReason.WITHDRAWN, RescindReason.STOPPED]

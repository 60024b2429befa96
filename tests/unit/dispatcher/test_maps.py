from dataclasses import replace
from typing import Any

import pytest

from services.dispatcher.domain import facts
from services.dispatcher.domain.facts import CentreSlice
from services.dispatcher.domain.inputs import KeptOutcome, NewMap, NewPolicy
from services.dispatcher.domain.words import (
    Activity,
    Disposition,
    EndReason,
    RefusalReason,
    RescindReason,
    ReturnReason,
    SignOutReason,
)
from tests.support.builders import (
    CENTRE,
    CENTRES,
    HOUR,
    MAX_WAIT,
    OTHER_CENTRE,
    OTHER_SEAT,
    SEAT,
    WRAP_UP,
    S,
    accept,
    amended,
    attempt,
    centre_slice,
    ended,
    map_applied,
    nonce,
    offer_rescinded,
    offered,
    outcome,
    policy_applied,
    queued,
    refused,
    returned,
    routed,
    sign_in,
    signed_in,
    signed_out,
    stream_lost,
)
from tests.support.scenario import AVAILABLE, CONFIRMED, OFFERED, ON_CALL, QUEUED, given

MOVED = (centre_slice(CENTRE), centre_slice(OTHER_CENTRE, OTHER_SEAT, SEAT))
LEFT = (centre_slice(OTHER_CENTRE, OTHER_SEAT),)
CLOSED = (centre_slice(CENTRE, SEAT, closed=True), centre_slice(OTHER_CENTRE, OTHER_SEAT))
REACHED = ended("c1", "s1", EndReason.OUTCOME, disposition=Disposition.REACHED)
losing = pytest.mark.parametrize("centres", [MOVED, LEFT], ids=["within", "elsewhere"])


@losing
def test_a_waiting_contact_whose_seat_has_moved_goes_back(centres: tuple[CentreSlice, ...]) -> None:
    given(*QUEUED).when(NewMap(2, centres), at=S).looking().then(
        map_applied(2, *centres), returned("c1", ReturnReason.STALE_MAP, S)
    )


def test_an_offer_of_a_seat_that_has_moved_is_taken_back() -> None:
    given(*OFFERED).when(NewMap(2, MOVED), at=S).looking().then(
        map_applied(2, *MOVED),
        offer_rescinded("c1", "s1", RescindReason.STALE),
        returned("c1", ReturnReason.STALE_MAP, S),
    )


def test_an_accept_that_loses_the_race_with_a_map_is_refused() -> None:
    given(*OFFERED).when(NewMap(2, MOVED), at=S).when(accept("c1", "s1")).then(
        map_applied(2, *MOVED),
        refused("s1", "accept_offer", RefusalReason.NOT_ALLOWED, attempt("c1")),
    )


@pytest.mark.parametrize("place", [CONFIRMED, ON_CALL], ids=["confirmed", "on call"])
def test_a_confirmed_contact_is_never_returned(place: tuple[facts.Fact, ...]) -> None:
    given(*place).when(NewMap(2, MOVED), at=S).looking().then(map_applied(2, *MOVED))


def test_a_contact_whose_seat_stays_keeps_its_place_under_the_new_map() -> None:
    changed = (*CENTRES, centre_slice("C003", "S01-1"))
    script = given(*QUEUED).when(NewMap(2, changed), at=S).looking()
    script.then(map_applied(2, *changed))
    script.given(signed_in("s1"), at=2 * S).looking().then(offered("c1", "s1", lease_until=22 * S))


def test_a_ruling_under_an_older_map_stays_if_its_seat_has_not_moved() -> None:
    script = given(*AVAILABLE, map_applied(3)).when(routed("c1", map_version=2), at=S).looking()
    script.then(queued("c1", map_version=2), offered("c1", "s1", lease_until=21 * S))


@losing
def test_a_ruling_under_an_older_map_goes_back_if_its_seat_has_moved(
    centres: tuple[CentreSlice, ...],
) -> None:
    script = given(*AVAILABLE, map_applied(2, *centres)).looking()
    script.so_far()  # a caller whose centre is gone leaves; one whose centre lost the seat is ready
    script.when(routed("c1"), at=S).looking()
    script.then(queued("c1"), returned("c1", ReturnReason.STALE_MAP))


def test_a_ruling_under_a_newer_map_waits_unoffered_until_the_map_is_applied() -> None:
    script = given(*AVAILABLE).when(routed("c1", map_version=2), at=S).passing(9 * S)
    script.then(queued("c1", map_version=2))
    script.when(NewMap(2, CENTRES), at=10 * S).looking().then(
        map_applied(2), offered("c1", "s1", lease_until=30 * S)
    )
    script.passing(5 * S).then()


def test_a_ruling_whose_newer_map_does_not_come_goes_back_after_ten_seconds() -> None:
    script = given(*AVAILABLE).when(routed("c1", map_version=3), at=S)
    script.when(NewMap(2, CENTRES), at=5 * S).passing(6 * S - 1)
    script.then(queued("c1", map_version=3), map_applied(2)).passing(1)
    script.then(returned("c1", ReturnReason.MAP_AWAITED, 10 * S))


def test_a_newer_map_that_moves_the_seat_sends_the_contact_back() -> None:
    script = given().when(routed("c1", map_version=2), at=S).then(queued("c1", map_version=2))
    script.when(NewMap(3, MOVED), at=2 * S).looking().then(
        map_applied(3, *MOVED), returned("c1", ReturnReason.STALE_MAP, S)
    )


def test_a_ruling_under_this_very_map_for_a_centre_elsewhere_goes_back() -> None:
    elsewhere: dict[str, Any] = {"centre_id": "C999", "seat_id": "S01-1"}
    given().when(routed("c1", **elsewhere), at=S).then(
        queued("c1", **elsewhere), returned("c1", ReturnReason.WRONG_PARTITION, **elsewhere)
    )


def test_a_map_not_newer_than_the_one_in_force_changes_nothing() -> None:
    given(map_applied(2)).when(NewMap(2, MOVED), at=S).then().when(NewMap(1, MOVED)).then()


def test_a_closed_centre_sends_its_contacts_back_and_lets_its_callers_finish() -> None:
    script = given(*ON_CALL, queued("c2"), signed_in("s2", languages=("ta",)))
    script.when(NewMap(2, CLOSED), at=S).looking()
    news = script.so_far()
    assert returned("c2", ReturnReason.DRAINED, S) in news
    assert signed_out("s2", SignOutReason.DRAINED) in news
    script.when(outcome("c1", "s1"), at=2 * S).then(
        REACHED, signed_out("s1", SignOutReason.DRAINED)
    )
    script.when(routed("c3", map_version=2), at=3 * S).looking().then(
        queued("c3", map_version=2), returned("c3", ReturnReason.DRAINED)
    )


def test_a_caller_on_a_call_comes_back_to_a_centre_that_was_closed_meanwhile() -> None:
    script = given(*ON_CALL).when(NewMap(2, CLOSED), at=S).looking()
    script.when(stream_lost("s1"), at=2 * S)
    script.so_far()
    again = sign_in("s1", 2, resume_token=nonce("s1"))
    script.when(again, at=3 * S).then(signed_in("s1", 2, resumed=True, activity=Activity.ON_CALL))
    script.when(outcome("c1", "s1", generation=2), at=4 * S)
    kinds = [type(fact) for fact in script.so_far()]
    assert kinds == [facts.Ended, facts.SignedOut]
    script.when(sign_in("s1", 3), at=5 * S).then(
        refused("s1", "sign_in", RefusalReason.UNKNOWN_CENTRE, told=nonce("s1", 3))
    )


def test_what_a_desk_keeps_of_a_call_that_is_over_is_saved_though_its_centre_is_closed() -> None:
    script = given(*ON_CALL).when(NewMap(2, CLOSED), at=S).looking()
    script.passing(HOUR)
    script.so_far()
    late = KeptOutcome(attempt("c1"), Disposition.REACHED, None)
    told = nonce("s1", 2)
    script.when(sign_in("s1", 2, kept=(late,))).then(
        replace(amended("c1", "s1", Disposition.REACHED), nonce=told),
        refused("s1", "sign_in", RefusalReason.UNKNOWN_CENTRE, told=told),
    )


def test_a_closed_centre_with_hundreds_of_contacts_is_worked_off_one_by_one() -> None:
    script = given(*(queued(f"c{n}") for n in range(700)))
    script.when(NewMap(2, CLOSED), at=S).then(map_applied(2, *CLOSED))
    sizes = []
    while decided := script.step():
        sizes.append(len(decided))
    assert (len(sizes), max(sizes)) == (700, 1)


def test_a_centre_that_opens_again_takes_callers_and_contacts() -> None:
    script = given(map_applied(2, *CLOSED)).when(NewMap(3, CENTRES), at=S).then(map_applied(3))
    script.given(signed_in("s1"), at=S).when(routed("c1", map_version=3)).looking().then(
        queued("c1", map_version=3), offered("c1", "s1", lease_until=21 * S)
    )


# --- policies -------------------------------------------------------------------------------------

TIGHTER = NewPolicy(2, MAX_WAIT, WRAP_UP, required=True)


def test_a_tightened_policy_sends_back_what_was_ruled_before_it() -> None:
    script = given(*OFFERED, queued("c2"), queued("c3", policy_version=2))
    script.when(TIGHTER, at=S).looking().then(
        policy_applied(2, required=True),
        offer_rescinded("c1", "s1", RescindReason.STALE),
        returned("c1", ReturnReason.STALE_POLICY, S),
        returned("c2", ReturnReason.STALE_POLICY, S),
        offered("c3", "s1", lease_until=21 * S),
    )


def test_an_accept_that_loses_the_race_with_a_policy_is_refused() -> None:
    given(*OFFERED).when(TIGHTER, at=S).when(accept("c1", "s1")).then(
        policy_applied(2, required=True),
        refused("s1", "accept_offer", RefusalReason.NOT_ALLOWED, attempt("c1")),
    )


def test_a_tightened_policy_leaves_a_confirmed_contact_alone() -> None:
    given(*CONFIRMED).when(TIGHTER, at=S).looking().then(policy_applied(2, required=True))


def test_a_ruling_under_a_policy_that_is_no_longer_enough_goes_back() -> None:
    script = given(policy_applied(2, required=True)).when(routed("c1"), at=S)
    script.then(queued("c1"), returned("c1", ReturnReason.STALE_POLICY))


def test_a_contact_awaiting_its_map_is_judged_by_the_policy_when_the_map_comes() -> None:
    script = given(*AVAILABLE, queued("c1", map_version=2)).when(TIGHTER, at=S)
    script.when(NewMap(2, CENTRES), at=2 * S).looking().then(
        policy_applied(2, required=True),
        map_applied(2),
        returned("c1", ReturnReason.STALE_POLICY, 2 * S),
    )


def test_a_policy_that_requires_nothing_leaves_waiting_contacts_alone() -> None:
    relaxed = NewPolicy(2, MAX_WAIT, WRAP_UP, required=False)
    script = given(*QUEUED).when(relaxed, at=S).looking().then(policy_applied(2))
    script.given(policy_applied(3, required=True), at=2 * S).looking()
    script.when(NewPolicy(3, MAX_WAIT, WRAP_UP, required=True)).then(
        returned("c1", ReturnReason.STALE_POLICY, 2 * S)
    )


def test_a_stricter_policy_stays_required_after_one_that_requires_nothing() -> None:
    script = given(policy_applied(2, required=True), policy_applied(3))
    script.when(routed("old"), at=S).looking()
    script.then(queued("old"), returned("old", ReturnReason.STALE_POLICY))
    script.when(routed("new", policy_version=2)).looking().then(queued("new", policy_version=2))

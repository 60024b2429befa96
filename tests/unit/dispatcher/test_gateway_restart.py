"""A gateway restarts, and its callers come back through it before they are gone."""

import pytest

from services.dispatcher.domain import facts
from services.dispatcher.domain.facts import Fact, GatewayLost
from services.dispatcher.domain.words import Activity, Disposition, EndReason, RefusalReason
from tests.support.builders import (
    BOOT,
    MIN,
    OTHER_BOOT,
    WRAP_UP,
    S,
    accept,
    attempt,
    call_ended,
    confirmed,
    ended,
    hang_up,
    nonce,
    offered,
    open_offer,
    outcome,
    queued,
    refused,
    routed,
    sign_in,
    signed_in,
    stream_lost,
    unsealing,
)
from tests.support.scenario import (
    CONFIRMED,
    OFFERED,
    ON_CALL,
    WRAPPING_UP,
    Scenario,
    given,
)

AGAIN = nonce("s1", 2)
soon_and_late = pytest.mark.parametrize("back_at", [4 * S, 14 * S], ids=["trusted", "suspect"])
"""Before the old gateway counts as lost, and just before its callers are gone."""


def restarted(place: tuple[Fact, ...], activity: Activity, back_at: int) -> Scenario:
    """Return a script in which the caller has come back through the next gateway."""
    script = given(*place)
    script.alive = {OTHER_BOOT}
    script.passing(back_at).then(*([GatewayLost(BOOT)] if back_at > 5 * S else []))
    back = sign_in("s1", 2, resume_token=nonce("s1"))
    offer = open_offer("c1") if activity is Activity.OFFERED else None
    return script.when(back, boot_id=OTHER_BOOT).then(
        signed_in("s1", 2, boot_id=OTHER_BOOT, resumed=True, activity=activity, offer=offer)
    )


def lost(back_at: int) -> list[Fact]:
    return [] if back_at > 5 * S else [GatewayLost(BOOT)]


@soon_and_late
def test_an_offer_goes_on_with_the_lease_that_it_had(back_at: int) -> None:
    script = restarted(OFFERED, Activity.OFFERED, back_at).passing(20 * S - back_at - 1)
    script.then(*lost(back_at)).passing(1).then(
        facts.OfferExpired(attempt("c1"), "s1", AGAIN),
        offered("c1", "s1", 2, lease_until=40 * S, generation=2),
    )


@soon_and_late
def test_an_offer_is_accepted_through_the_next_gateway(back_at: int) -> None:
    script = restarted(OFFERED, Activity.OFFERED, back_at)
    dial_by = back_at + 16 * S
    script.when(accept("c1", "s1", generation=2), at=back_at + S, boot_id=OTHER_BOOT).then(
        confirmed("c1", "s1", generation=2, dial_by=dial_by)
    )
    script.when(unsealing("c1", "s1", generation=2), at=back_at + 2 * S, boot_id=OTHER_BOOT).then(
        facts.DialStarted(attempt("c1"), "s1", AGAIN)
    )


@soon_and_late
def test_a_confirm_is_not_inherited_and_its_caller_goes_on_with_the_next_contact(
    back_at: int,
) -> None:
    script = restarted(CONFIRMED, Activity.ON_CALL, back_at)
    script.when(unsealing("c1", "s1", generation=2), boot_id=OTHER_BOOT)
    (refusal,) = script.so_far()
    assert isinstance(refusal, facts.CommandRefused)
    assert refusal.reason is RefusalReason.NO_SUCH_OFFER
    script.when(routed("c2")).passing(16 * S - back_at - 1).then(queued("c2"), *lost(back_at))
    never = ended("c1", "s1", EndReason.NEVER_DIALLED, not_before=None, spent=False, nonce=AGAIN)
    script.passing(1).then(never, offered("c2", "s1", lease_until=36 * S, generation=2))


@soon_and_late
def test_a_number_that_the_old_gateway_announced_before_it_died_is_a_call(back_at: int) -> None:
    script = restarted(CONFIRMED, Activity.ON_CALL, back_at)
    script.when(unsealing("c1", "s1")).then(facts.DialStarted(attempt("c1"), "s1", AGAIN))
    script.passing(MIN).then(*lost(back_at))
    script.when(outcome("c1", "s1", generation=2), boot_id=OTHER_BOOT).then(
        ended("c1", "s1", EndReason.OUTCOME, disposition=Disposition.REACHED, nonce=AGAIN)
    )


@soon_and_late
def test_a_call_goes_on_through_the_next_gateway(back_at: int) -> None:
    script = restarted(ON_CALL, Activity.ON_CALL, back_at).passing(5 * MIN).then(*lost(back_at))
    hung_up_at = back_at + 5 * MIN
    script.when(hang_up("c1", "s1", generation=2), boot_id=OTHER_BOOT)
    (over,) = script.so_far()
    expected = call_ended("c1", "s1", wrap_up_until=hung_up_at + WRAP_UP)
    assert over == facts.CallEnded(expected.attempt, "s1", AGAIN, expected.wrap_up_until_ms)


@soon_and_late
def test_a_wrap_up_keeps_the_ceiling_that_it_had(back_at: int) -> None:
    script = restarted(WRAPPING_UP, Activity.WRAP_UP, back_at).passing(WRAP_UP - back_at - 1)
    script.then(*lost(back_at)).passing(1).then(
        ended("c1", "s1", EndReason.NOT_GIVEN, disposition=Disposition.NOT_GIVEN, nonce=AGAIN)
    )


@soon_and_late
def test_an_outcome_comes_through_the_next_gateway(back_at: int) -> None:
    script = restarted(WRAPPING_UP, Activity.WRAP_UP, back_at)
    script.when(outcome("c1", "s1", generation=2), boot_id=OTHER_BOOT).then(
        ended("c1", "s1", EndReason.OUTCOME, disposition=Disposition.REACHED, nonce=AGAIN)
    )


@pytest.mark.parametrize(
    ("place", "activity"),
    [
        (OFFERED, Activity.OFFERED),
        (CONFIRMED, Activity.ON_CALL),
        (ON_CALL, Activity.ON_CALL),
        (WRAPPING_UP, Activity.WRAP_UP),
    ],
    ids=["offered", "confirmed", "on call", "wrap-up"],
)
def test_what_the_old_gateway_says_late_touches_nobody_who_came_back(
    place: tuple[Fact, ...], activity: Activity
) -> None:
    script = restarted(place, activity, 4 * S)
    script.when(stream_lost("s1")).then()
    script.passing(10 * S).then(GatewayLost(BOOT))
    script.when(accept("c1", "s1")).then(
        refused("s1", "accept_offer", RefusalReason.LOWER_GENERATION, attempt("c1"))
    )

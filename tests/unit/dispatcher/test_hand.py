"""What an operator's hand does to one partition, and that each answer says whose order it was."""

from dataclasses import replace
from typing import Any

import pytest

from services.dispatcher.domain.facts import (
    Attempt,
    CentreDraining,
    Fact,
    MapApplied,
    PolicyApplied,
    Signature,
    StopApplied,
    StopLifted,
)
from services.dispatcher.domain.inputs import (
    BY_MAX,
    WHY_MAX,
    DrainCentre,
    EndSession,
    LiftStop,
    NewMap,
    NewPolicy,
    NewStop,
    Order,
    ReleaseContact,
    Signed,
    signature,
)
from services.dispatcher.domain.words import (
    Disposition,
    DrainReason,
    EndReason,
    RefusalReason,
    RescindReason,
    ReturnReason,
    SignOutReason,
    StopScope,
)
from tests.support.builders import (
    CENTRE,
    CENTRES,
    MAX_WAIT,
    MIN,
    START_MS,
    WRAP_UP,
    S,
    attempt,
    ended,
    ended_unconfirmed,
    map_applied,
    offer_rescinded,
    offered,
    outcome,
    policy_applied,
    queued,
    refused,
    returned,
    routed,
    session_draining,
    session_paused,
    sign_in,
    signed_in,
    signed_out,
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

BY, WHY = "Asha", "a test"
END, INTERRUPT = EndSession("s1", False, BY, WHY), EndSession("s1", True, BY, WHY)
RELEASE = ReleaseContact("c1", BY, WHY)
BY_HAND = ReturnReason.BY_HAND
REACHED = ended("c1", "s1", EndReason.OUTCOME, disposition=Disposition.REACHED)
ENDED = SignOutReason.ENDED
PAUSED = (*AVAILABLE, session_paused("s1", "lunch", 60 * MIN))
either = pytest.mark.parametrize("order", [END, INTERRUPT], ids=["at its end", "now"])


def signed(fact: Any, at: int = S) -> Any:
    return replace(fact, signature=Signature(BY, WHY, START_MS + at))


def of_operator(fact: Any) -> Any:
    """An operator's command comes from no gateway."""
    return replace(fact, boot_id=b"")


# --- end-session ----------------------------------------------------------------------------------


@either
@pytest.mark.parametrize("place", [AVAILABLE, PAUSED], ids=["available", "paused"])
def test_a_free_session_is_ended_at_once(order: EndSession, place: tuple[Fact, ...]) -> None:
    script = given(*place).when(order, at=S).then(signed(signed_out("s1", ENDED)))
    script.when(routed("c1"), at=2 * S).passing(MIN).then(queued("c1"))


@either
def test_the_offer_of_a_session_that_is_ended_goes_to_another(order: EndSession) -> None:
    given(*OFFERED, signed_in("s2")).when(order, at=S).looking().then(
        offer_rescinded("c1", "s1", RescindReason.SESSION_LEFT),
        signed(signed_out("s1", ENDED)),
        offered("c1", "s2", 2, lease_until=21 * S),
    )


@pytest.mark.parametrize("place", [ON_CALL, WRAPPING_UP], ids=["on call", "wrap-up"])
def test_a_session_with_a_call_is_ended_after_it(place: tuple[Fact, ...]) -> None:
    draining = session_draining("s1", DrainReason.ENDED)
    script = given(*place, queued("c2")).when(END, at=S).then(signed(draining))
    script.when(END, at=2 * S).then(signed(draining, at=2 * S))
    script.when(outcome("c1", "s1"), at=9 * S).looking().then(
        REACHED, signed_out("s1", SignOutReason.DRAINED)
    )


@pytest.mark.parametrize("before", [False, True], ids=["at once", "while it leaves"])
def test_a_call_that_is_to_be_interrupted_ends_with_its_session(before: bool) -> None:
    script = given(*ON_CALL, queued("c2")).given(
        *[session_draining("s1", DrainReason.ENDED)] * before
    )
    script.when(INTERRUPT, at=S).looking().then(
        ended("c1", "s1", EndReason.INTERRUPTED), signed(signed_out("s1", ENDED))
    )
    script.when(sign_in("s1", 2), at=2 * S).looking().then(
        signed_in("s1", 2), offered("c2", "s1", generation=2, lease_until=22 * S)
    )


def test_a_wrap_up_that_is_to_be_interrupted_ends_without_a_disposition() -> None:
    not_given = ended("c1", "s1", EndReason.NOT_GIVEN, disposition=Disposition.NOT_GIVEN)
    script = given(*WRAPPING_UP).when(INTERRUPT, at=S).looking()
    script.then(not_given, signed(signed_out("s1", ENDED)))


def test_a_number_that_may_be_shown_any_moment_is_not_interrupted() -> None:
    script = given(*CONFIRMED).when(INTERRUPT, at=S)
    script.then(signed(session_draining("s1", DrainReason.ENDED))).passing(16 * S)
    script.then(
        ended("c1", "s1", EndReason.NEVER_DIALLED, not_before=None, spent=False),
        signed_out("s1", SignOutReason.DRAINED),
    )


@either
def test_who_is_not_signed_in_cannot_be_ended(order: EndSession) -> None:
    nobody = of_operator(refused("s1", "end_session", RefusalReason.UNKNOWN_SESSION))
    given().when(order, at=S, boot_id=b"").then(signed(nobody))
    left = signed_out("s1", SignOutReason.ASKED)
    given(*AVAILABLE, left).when(order, at=S, boot_id=b"").then(signed(nobody))


# --- release --------------------------------------------------------------------------------------


def test_a_waiting_contact_is_handed_back() -> None:
    script = given(*QUEUED).when(RELEASE, at=S).then(signed(returned("c1", BY_HAND, S)))
    script.given(signed_in("s1")).looking().then()


def test_an_offered_contact_is_taken_back_and_handed_back_and_its_caller_gets_the_next() -> None:
    given(*OFFERED, queued("c2")).when(RELEASE, at=S).looking().then(
        offer_rescinded("c1", "s1", RescindReason.BY_HAND),
        signed(returned("c1", BY_HAND, S)),
        offered("c2", "s1", lease_until=21 * S),
    )


def test_a_contact_that_waits_for_its_map_is_handed_back() -> None:
    given(queued("c1", map_version=2)).when(RELEASE, at=S).then(
        signed(returned("c1", BY_HAND, S))
    ).passing(MIN).then()


def test_every_release_of_a_contact_that_waits_is_handed_back() -> None:
    script = given(*ON_CALL, queued("c1", release=2), queued("c1", release=3))
    script.when(RELEASE, at=S).looking().then(
        signed(returned("c1", BY_HAND, S, release=2)), signed(returned("c1", BY_HAND, S, release=3))
    )


@pytest.mark.parametrize(
    "place", [CONFIRMED, ON_CALL, WRAPPING_UP], ids=["confirmed", "on call", "wrap-up"]
)
def test_a_contact_that_a_caller_has_is_not_taken_away(place: tuple[Fact, ...]) -> None:
    given(*place).when(RELEASE, at=S, boot_id=b"").then(refusal(RefusalReason.WITH_CALLER, "s1", 1))


@pytest.mark.parametrize("place", [(), (*ON_CALL, REACHED)], ids=["never seen", "ended"])
def test_a_contact_that_is_not_here_is_not_handed_back(place: tuple[Fact, ...]) -> None:
    given(*place).when(RELEASE, at=S, boot_id=b"").then(refusal(RefusalReason.UNKNOWN_CONTACT))


def test_who_opted_out_this_moment_ends_withdrawn_and_is_not_handed_back() -> None:
    script = given(*QUEUED).when(withdraw("c1"), at=S).when(RELEASE, at=S, boot_id=b"")
    script.then(withdrawal_applied("c1"), refusal(RefusalReason.NOT_ALLOWED)).looking()
    script.then(ended_unconfirmed("c1", EndReason.WITHDRAWN))


def refusal(reason: RefusalReason, session_id: str = "", number: int = 0) -> Any:
    known = reason is not RefusalReason.UNKNOWN_CONTACT
    about = attempt("c1", number) if known else Attempt("c1", 0, 0)
    return signed(of_operator(refused(session_id, "release_contact", reason, about)))


# --- who ordered it -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "fact"),
    [
        (NewMap(2, CENTRES), map_applied(2)),
        (NewPolicy(2, MAX_WAIT, WRAP_UP, False), policy_applied(2)),
        (NewStop(StopScope.ALL, ""), StopApplied(StopScope.ALL, "")),
        (withdraw("c1"), withdrawal_applied("c1")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_an_order_brings_says_whose_it_was(
    order: Order, fact: MapApplied | PolicyApplied | StopApplied
) -> None:
    given().when(Signed(order, Signature(BY, WHY, START_MS)), at=S).then(signed(fact, at=0))


def test_the_end_of_a_stop_says_who_ended_it() -> None:
    script = given(StopApplied(StopScope.ALL, ""))
    script.when(Signed(LiftStop(StopScope.ALL, ""), Signature(BY, WHY, START_MS)), at=S)
    script.then(signed(StopLifted(StopScope.ALL, ""), at=0))


def test_a_long_reason_is_cut_and_never_refused() -> None:
    script = given(*QUEUED).when(ReleaseContact("c1", "b" * 900, "w" * 900), at=S)
    kept = Signature("b" * BY_MAX, "w" * WHY_MAX, START_MS + S)
    script.then(replace(returned("c1", BY_HAND, S), signature=kept))
    assert signature("b" * 900, "w" * 900, START_MS + S) == kept


# --- drain ----------------------------------------------------------------------------------------


def test_a_draining_centre_sends_contacts_back_and_lets_callers_finish() -> None:
    script = given(*ON_CALL, queued("c2"), signed_in("s2"), signed_in("s3", centre_id="C002"))
    script.given(offered("c2", "s2")).given(queued("c3"))
    script.when(DrainCentre(CENTRE, BY, WHY), at=S).then(signed(CentreDraining(CENTRE))).looking()
    news = script.so_far()
    assert sorted(map(repr, news)) == sorted(
        map(
            repr,
            [
                offer_rescinded("c2", "s2", RescindReason.DRAINED),
                returned("c2", ReturnReason.DRAINED, S),
                returned("c3", ReturnReason.DRAINED, S),
                session_draining("s1", DrainReason.CENTRE),
                signed_out("s2", SignOutReason.DRAINED),
            ],
        )
    )
    script.when(DrainCentre(CENTRE, BY, WHY), at=2 * S).then()
    script.when(routed("c4"), at=2 * S).looking().then(
        queued("c4"), returned("c4", ReturnReason.DRAINED)
    )
    script.when(sign_in("s9"), at=2 * S).then(
        refused("s9", "sign_in", RefusalReason.UNKNOWN_CENTRE, told=b"s9/1")
    )
    script.when(outcome("c1", "s1"), at=3 * S).then(
        REACHED, signed_out("s1", SignOutReason.DRAINED)
    )


def test_a_drain_of_hundreds_is_worked_off_one_contact_or_caller_at_a_time() -> None:
    callers = [signed_in(f"s{n}", languages=("ta",)) for n in range(300)]
    script = given(*(queued(f"c{n}", language="hi") for n in range(300)), *callers)
    script.when(DrainCentre(CENTRE, BY, WHY), at=S).then(signed(CentreDraining(CENTRE)))
    sizes = []
    while decided := script.step():
        sizes.append(len(decided))
    assert (len(sizes), max(sizes)) == (600, 1)


def test_an_unknown_centre_cannot_be_drained() -> None:
    given().when(DrainCentre("C999", BY, WHY), at=S).then(
        signed(refused("", "drain_centre", RefusalReason.UNKNOWN_CENTRE))
    )

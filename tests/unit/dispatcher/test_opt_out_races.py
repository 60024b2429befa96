"""An opt-out that meets each transition, just before it and just after it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from services.dispatcher.domain import facts, inputs
from services.dispatcher.domain.facts import Fact
from services.dispatcher.domain.words import (
    Disposition,
    EndReason,
    NotUnsealedReason,
    RescindReason,
    ReturnReason,
    SignOutReason,
    StopScope,
)
from tests.support.builders import (
    HOUR,
    MAX_WAIT,
    MIN,
    WRAP_UP,
    S,
    call_ended,
    contact,
    decline,
    dial_started,
    ended,
    ended_unconfirmed,
    hang_up,
    not_unsealed,
    offer_declined,
    offer_rescinded,
    offered,
    outcome,
    queued,
    returned,
    routed,
    session_paused,
    signed_in,
    signed_out,
    stream_ended,
    stream_lost,
    unsealing,
    withdraw,
    withdrawal_applied,
)
from tests.support.scenario import CONFIRMED, OFFERED, ON_CALL, QUEUED, Scenario, given

OPT_OUT = withdrawal_applied("c1")
GONE = ended_unconfirmed("c1", EndReason.WITHDRAWN)
GONE_AFTER_OFFER = ended_unconfirmed("c1", EndReason.WITHDRAWN, 1, offered_at=0)
REACHED = ended("c1", "s1", EndReason.OUTCOME, disposition=Disposition.REACHED)
NEVER_DIALLED = ended("c1", "s1", EndReason.NEVER_DIALLED, not_before=None, spent=False)
STOP = inputs.NewStop(StopScope.ALL, "")
STOPPED = facts.StopApplied(StopScope.ALL, "")
either_first = pytest.mark.parametrize("first", ["opt-out", "other"])


def race(script: Scenario, first: str, other: inputs.Input | inputs.Command, at: int) -> list[Fact]:
    """Decide an opt-out and another input at one moment, and return what the two led to."""
    pair = [withdraw("c1"), other] if first == "opt-out" else [other, withdraw("c1")]
    for item in pair:
        script.when(item, at=at)
    return script.so_far()


@either_first
@pytest.mark.parametrize(
    ("command", "led_to"),
    [
        (decline("c1", "s1"), [offer_declined("c1", "s1")]),
        (
            inputs.Pause("s1", 1, "lunch"),
            [
                offer_rescinded("c1", "s1", RescindReason.SESSION_LEFT),
                session_paused("s1", "lunch", HOUR + S),
            ],
        ),
        (
            inputs.SignOut("s1", 1),
            [
                offer_rescinded("c1", "s1", RescindReason.SESSION_LEFT),
                signed_out("s1", SignOutReason.ASKED),
            ],
        ),
    ],
    ids=["decline", "pause", "sign-out"],
)
def test_an_offer_that_its_caller_gives_back_beside_an_opt_out_goes_to_nobody_else(
    command: inputs.Command, led_to: list[Fact], first: str
) -> None:
    script = given(*OFFERED, signed_in("s2"))
    news = race(script, first, command, at=S)
    assert news == ([OPT_OUT, *led_to] if first == "opt-out" else [*led_to, OPT_OUT])
    script.looking().then(GONE_AFTER_OFFER).passing(10 * S).then()


@either_first
def test_an_opt_out_beside_the_going_of_its_caller_ends_the_contact_and_the_session(
    first: str,
) -> None:
    script = given(*OFFERED, signed_in("s2")).when(stream_lost("s1"), at=S)
    script.then(stream_ended("s1")).passing(10 * S - 1).then()
    gone = signed_out("s1", SignOutReason.GONE)
    if first == "opt-out":
        script.when(withdraw("c1"), at=11 * S).looking()
        taken_back = offer_rescinded("c1", "s1", RescindReason.WITHDRAWN)
        script.then(OPT_OUT, taken_back, GONE_AFTER_OFFER, gone)
    else:
        taken_back = offer_rescinded("c1", "s1", RescindReason.SESSION_GONE)
        again = offered("c1", "s2", 2, lease_until=31 * S)
        script.passing(1).then(taken_back, gone, again)
        script.when(withdraw("c1")).looking().then(
            OPT_OUT,
            offer_rescinded("c1", "s2", RescindReason.WITHDRAWN, 2),
            ended_unconfirmed("c1", EndReason.WITHDRAWN, 2, offered_at=11 * S),
        )
    script.passing(20 * S).then()


@pytest.mark.parametrize(
    ("at", "news"),
    [
        (MAX_WAIT, [OPT_OUT, GONE]),
        (MAX_WAIT + 1, [returned("c1", ReturnReason.MAX_WAIT, MAX_WAIT), OPT_OUT]),
    ],
    ids=["opt-out first", "wait first"],
)
def test_an_opt_out_at_the_end_of_the_longest_wait_ends_or_finds_nobody(
    at: int, news: list[Fact]
) -> None:
    script = given(*QUEUED)
    script.passing(MAX_WAIT - 1).then()
    if at > MAX_WAIT:
        script.passing(1)
    script.when(withdraw("c1"), at=at).looking().then(*news)
    script.when(routed("c1", release=2), at=at + S).looking().then(
        queued("c1", release=2), ended_unconfirmed("c1", EndReason.WITHDRAWN, release=2)
    )


@either_first
def test_a_call_hung_up_beside_an_opt_out_stands_with_its_wrap_up(first: str) -> None:
    script = given(*ON_CALL)
    hung_up = call_ended("c1", "s1", wrap_up_until=S + WRAP_UP)
    news = race(script, first, hang_up("c1", "s1"), at=S)
    assert news == ([OPT_OUT, hung_up] if first == "opt-out" else [hung_up, OPT_OUT])
    script.looking().then().when(outcome("c1", "s1"), at=2 * S).then(REACHED)


@either_first
@pytest.mark.parametrize("place", [QUEUED, OFFERED], ids=["queued", "offered"])
def test_whoever_opted_out_beside_a_stop_ends_and_does_not_come_back(
    place: tuple[Fact, ...], first: str
) -> None:
    script = given(*place, queued("c2"))
    news = race(script, first, STOP, at=S)
    # An offer of hers that the opt-out takes back is none that the stop takes back.
    taken = place is OFFERED and first != "opt-out"
    stopped = replace(STOPPED, open_offers=int(taken))
    assert news == ([OPT_OUT, stopped] if first == "opt-out" else [stopped, OPT_OUT])
    taken_back = offer_rescinded("c1", "s1", RescindReason.WITHDRAWN)
    gone = [GONE] if place is QUEUED else [taken_back, GONE_AFTER_OFFER]
    script.looking().then(*gone, returned("c2", ReturnReason.STOPPED, S))


@either_first
@pytest.mark.parametrize(
    ("why", "reason"),
    [
        (NotUnsealedReason.WITHDRAWN, EndReason.WITHDRAWN),
        (NotUnsealedReason.STOPPED, EndReason.STOPPED),
    ],
    ids=["withdrawn", "stopped"],
)
def test_a_confirmed_contact_between_opt_out_and_stop_ends_as_its_gateway_saw_it(
    first: str, why: NotUnsealedReason, reason: EndReason
) -> None:
    script = given(*CONFIRMED)
    race(script, first, STOP, at=S)
    script.looking().then().when(not_unsealed("c1", "s1", why), at=2 * S).then(
        ended("c1", "s1", reason, spent=False)
    )


def test_a_withdrawn_confirmed_contact_whose_gateway_is_dead_was_never_dialled() -> None:
    # Rule 4.3 leaves the word to the gateway; without it rule 4.5 says what is known by then.
    script = given(*CONFIRMED)
    script.alive = set()
    script.when(withdraw("c1"), at=S).looking().then(OPT_OUT)
    script.passing(15 * S - 1)
    assert not any(isinstance(fact, facts.Ended) for fact in script.so_far())
    script.passing(1)
    assert NEVER_DIALLED in script.so_far()
    # Released at once, as rule 4.5 has it, the person is still not called.
    script.given(signed_in("s2"), at=17 * S).when(routed("c1", release=2)).looking().then(
        queued("c1", release=2), ended_unconfirmed("c1", EndReason.WITHDRAWN, release=2)
    )


@pytest.mark.parametrize("late", [False, True], ids=["in time", "behind dial_by"])
def test_a_withdrawn_confirmed_contact_is_not_never_dialled_before_its_gateway_was_heard(
    *, late: bool
) -> None:
    script = given(*CONFIRMED).when(withdraw("c1"), at=S).then(OPT_OUT)
    script.looking(at=MIN if late else 2 * S, paced_read_to=15 * S).so_far()
    script.when(not_unsealed("c1", "s1", NotUnsealedReason.WITHDRAWN))
    assert script.so_far()[0] == ended("c1", "s1", EndReason.WITHDRAWN, spent=False)


@pytest.mark.parametrize("read", ["before", "between", "behind"])
def test_an_announced_number_that_an_opt_out_kept_from_the_desk_ends_withdrawn(read: str) -> None:
    script = given(*CONFIRMED)
    steps: dict[str, Callable[[], Scenario]] = {
        "before": lambda: script.when(withdraw("c1"), at=S),
        "announced": lambda: script.when(unsealing("c1", "s1"), at=2 * S),
        "between": lambda: script.when(withdraw("c1"), at=3 * S),
        "reported": lambda: script.when(
            not_unsealed("c1", "s1", NotUnsealedReason.WITHDRAWN), at=4 * S
        ),
        "behind": lambda: script.when(withdraw("c1"), at=5 * S),
    }
    for name, step in steps.items():
        if name in ("announced", "reported", read):
            step().looking()
    told = [fact for fact in script.so_far() if fact != OPT_OUT]
    assert told == [
        dial_started("c1", "s1"),
        ended("c1", "s1", EndReason.WITHDRAWN, spent=False),
    ]


# --- an opt-out heard in one partition, the person waiting in another -----------------------------

PERSON = contact("c1").person_key


def heard() -> facts.WithdrawalApplied:
    """Let a caller of one partition hear an opt-out, and return what it led to there."""
    here = given(*ON_CALL)
    here.when(outcome("c1", "s1", Disposition.OPT_OUT), at=9 * S).looking()
    (told,) = (f for f in here.so_far() if isinstance(f, facts.WithdrawalApplied))
    assert told == replace(OPT_OUT, provisional=True)
    return told


def order_of(told: facts.WithdrawalApplied) -> inputs.Withdraw:
    return inputs.Withdraw(told.person_key, told.contact_id, told.kind)


@pytest.mark.parametrize("is_offered", [False, True], ids=["queued", "offered"])
def test_an_opt_out_heard_elsewhere_ends_the_persons_contact_when_it_comes_as_an_order(
    *, is_offered: bool
) -> None:
    there = given(queued("c2", person_key=PERSON))
    if is_offered:
        there.given(signed_in("s2"), offered("c2", "s2"))
    there.looking(at=10 * S).then()
    there.when(order_of(heard()), at=11 * S).looking()
    news = there.so_far()
    assert news[0] == OPT_OUT
    number, offered_at = (1, 0) if is_offered else (0, None)
    assert news[-1] == ended_unconfirmed("c2", EndReason.WITHDRAWN, number, offered_at=offered_at)
    there.when(routed("c2", release=2, person_key=PERSON), at=12 * S).looking()
    assert there.so_far()[-1] == ended_unconfirmed("c2", EndReason.WITHDRAWN, release=2)


def test_an_opt_out_heard_elsewhere_forbids_a_confirmed_number_and_leaves_a_call() -> None:
    order = order_of(heard())
    given(*CONFIRMED).when(order, at=S).looking().then(OPT_OUT).when(
        not_unsealed("c1", "s1", NotUnsealedReason.WITHDRAWN), at=2 * S
    ).then(ended("c1", "s1", EndReason.WITHDRAWN, spent=False))
    given(*ON_CALL).when(order, at=S).looking().then(OPT_OUT).when(
        outcome("c1", "s1"), at=2 * S
    ).then(REACHED)


def test_an_opt_out_that_comes_back_as_an_order_is_forgotten_like_any_other() -> None:
    here = given(*ON_CALL)
    here.when(outcome("c1", "s1", Disposition.OPT_OUT), at=9 * S).looking()
    here.passing(5 * MIN, spread_read_to=5 * MIN)
    assert facts.WithdrawalForgotten(PERSON, "") not in here.so_far()
    here.when(order_of(heard()), at=6 * MIN).then(OPT_OUT)
    here.passing(MIN, spread_read_to=7 * MIN)
    assert facts.WithdrawalForgotten(PERSON, "") in here.so_far()

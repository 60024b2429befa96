"""A stream that is missing on one side only (rule 4.7)."""

import pytest

from services.dispatcher.domain.facts import GatewayLost, GatewaySeen, PresenceListAsked
from services.dispatcher.domain.inputs import GatewayAlive, PresenceList
from services.dispatcher.domain.words import RescindReason, SignOutReason
from services.runtime.set_digest import digest_of_one
from tests.support.builders import (
    BOOT,
    MIN,
    OTHER_BOOT,
    START_MS,
    S,
    nonce,
    offer_rescinded,
    offered,
    queued,
    routed,
    sign_in,
    signed_in,
    signed_out,
    stream_ended,
    stream_lost,
)
from tests.support.scenario import AVAILABLE, OFFERED, Scenario, given

AGREES, DIFFERS = GatewaySeen(BOOT, agrees=True), GatewaySeen(BOOT)


def alive(*session_ids: str, read_to: int) -> GatewayAlive:
    """A digest of first bindings, by a gateway that has read a record of this time."""
    digest = sum(digest_of_one(nonce(each)) for each in session_ids) % 2**64
    return GatewayAlive(0, START_MS + read_to, digest)


def answer(question: PresenceListAsked, *nonces: bytes) -> PresenceList:
    return PresenceList(question.number, b"", b"", tuple(sorted(nonces)))


def asked(script: Scenario) -> PresenceListAsked:
    seen, question = script.so_far()
    assert seen == DIFFERS
    assert isinstance(question, PresenceListAsked)
    return question


def test_a_gateway_that_has_what_is_bound_to_it_is_asked_nothing() -> None:
    script = given(*AVAILABLE, signed_in("s2"), signed_in("s3", boot_id=OTHER_BOOT))
    script.when(alive("s1", "s2", read_to=1), at=S).then(AGREES)


@pytest.mark.parametrize("has", [(), ("s1",), ("s1", "s2", "s3"), ("s1", "s3")])
def test_a_gateway_that_has_something_else_is_asked_and_nobody_is_suspect(
    has: tuple[str, ...],
) -> None:
    script = given(*AVAILABLE, signed_in("s2")).when(alive(*has, read_to=1), at=S)
    asked(script)
    script.when(routed("c1")).when(routed("c2")).looking()
    script.then(
        queued("c1"),
        queued("c2"),
        offered("c1", "s1", lease_until=21 * S, ready_callers=2, waiting_contacts=2),
        offered("c2", "s2", lease_until=21 * S),
    )


def test_what_a_gateway_lacks_is_suspect_then_gone_and_its_contact_goes_to_another() -> None:
    script = given(*OFFERED, signed_in("s2")).when(alive("s2", read_to=1), at=S)
    script.when(answer(asked(script), nonce("s2")), at=2 * S).then(stream_ended("s1"))
    script.when(alive("s2", read_to=S), at=3 * S).then(AGREES)
    script.passing(9 * S).then(
        offer_rescinded("c1", "s1", RescindReason.SESSION_GONE),
        signed_out("s1", SignOutReason.GONE),
        offered("c1", "s2", 2, lease_until=32 * S),
    )


def test_a_gateway_is_told_to_give_up_what_is_over_here() -> None:
    script = given(*AVAILABLE).when(alive("s1", "s9", read_to=1), at=S)
    script.when(answer(asked(script), nonce("s1"), nonce("s9"))).then(stream_ended("s9"))
    script.passing(MIN).then()


@pytest.mark.parametrize("read_to", [2 * S - 1, 2 * S])
def test_a_digest_from_before_a_change_is_not_compared(read_to: int) -> None:
    script = given(*AVAILABLE).given(signed_in("s2"), at=2 * S)
    script.when(alive("s1", read_to=read_to)).then(DIFFERS)
    script.when(alive("s1", "s2", read_to=read_to)).then(DIFFERS)
    script.when(alive("s1", "s2", read_to=2 * S + 1), at=3 * S).then(AGREES)


def test_who_signs_out_is_counted_until_the_gateway_can_have_read_it() -> None:
    script = given(*AVAILABLE, signed_in("s2")).given(
        signed_out("s2", SignOutReason.ASKED), at=2 * S
    )
    script.when(alive("s1", "s2", read_to=2 * S)).then(DIFFERS)
    script.when(alive("s1", read_to=2 * S + 1)).then(AGREES)


def test_a_stream_that_its_gateway_has_reported_is_missed_by_neither_at_once() -> None:
    script = given(*AVAILABLE, signed_in("s2")).when(stream_lost("s2"), at=2 * S)
    script.then(stream_ended("s2")).when(alive("s1", read_to=1)).then(AGREES)


def test_a_gateway_that_never_comes_to_be_compared_is_asked_after_ten_seconds() -> None:
    script = given(*AVAILABLE)
    for second in range(1, 10):
        script.when(alive(read_to=0), at=second * S).then(DIFFERS)
    script.when(alive(read_to=0), at=10 * S)
    asked(script)


def test_a_gateway_that_agreed_meanwhile_is_sure_for_ten_seconds_from_then_on() -> None:
    script = given(*AVAILABLE).when(alive("s1", read_to=1), at=5 * S).then(AGREES)
    script.when(alive(read_to=0), at=14 * S).then(DIFFERS)
    script.when(alive(read_to=0), at=15 * S)
    asked(script)


def test_a_question_is_asked_again_after_five_seconds_under_another_number() -> None:
    script = given(*AVAILABLE).when(alive(read_to=1), at=S)
    first = asked(script)
    script.when(alive(read_to=1), at=6 * S - 1).then(DIFFERS)
    script.when(alive(read_to=1), at=6 * S)
    second = asked(script)
    assert second.number > first.number
    script.when(answer(first)).then()
    script.when(answer(second)).then(stream_ended("s1"))


def test_an_answer_to_nobodys_question_changes_nothing() -> None:
    script = given(*AVAILABLE).when(PresenceList(0, b"", b"", ()), boot_id=OTHER_BOOT).then()
    script.when(PresenceList(7, b"", b"", ()), at=S).then()


def test_nothing_is_asked_while_commands_are_behind() -> None:
    given(*AVAILABLE).when(alive(read_to=1), at=20 * S, behind=True).then(DIFFERS)


def test_a_gateway_that_tells_no_digest_is_never_asked() -> None:
    script = given(*AVAILABLE)
    for second in range(1, 30):
        script.when(GatewayAlive(0), at=second * S).then(DIFFERS)


def test_who_is_bound_after_the_question_is_not_missed_in_its_answer() -> None:
    script = given(*AVAILABLE).when(alive(read_to=1), at=S)
    question = asked(script)
    script.when(sign_in("s2", 1)).when(sign_in("s1", 2)).so_far()
    script.when(answer(question)).then()


def test_who_is_bound_just_before_the_question_is_missed_in_its_answer() -> None:
    script = given(*AVAILABLE).given(signed_in("s2"), at=S).when(alive("s1", read_to=S + 1))
    script.when(answer(asked(script), nonce("s1"))).then(stream_ended("s2"))


@pytest.mark.parametrize(
    ("first", "behind", "lacks"),
    [
        (b"", b"", ("s1", "s2", "s3")),
        (b"", nonce("s2"), ("s1",)),
        (nonce("s2"), nonce("s3"), ("s2",)),
        (nonce("s2"), b"", ("s2", "s3")),
    ],
)
def test_each_range_of_an_answer_is_judged_alone(
    first: bytes, behind: bytes, lacks: tuple[str, ...]
) -> None:
    script = given(*AVAILABLE, signed_in("s2"), signed_in("s3")).when(alive(read_to=1), at=S)
    question = asked(script)
    script.when(PresenceList(question.number, first, behind, ())).then(stream_ended(*lacks))


def test_only_what_is_bound_to_a_gateway_is_missed_there() -> None:
    script = given(*AVAILABLE, signed_in("s2", boot_id=OTHER_BOOT)).when(alive(read_to=1), at=S)
    script.when(answer(asked(script))).then(stream_ended("s1"))


def test_a_gateway_that_speaks_again_has_the_digest_of_all_that_it_has_back() -> None:
    script = given(*AVAILABLE, signed_in("s2"))
    script.alive = set()
    script.passing(6 * S).then(GatewayLost(BOOT))
    script.when(stream_lost("s2"), at=7 * S).then(stream_ended("s2"))
    script.when(alive("s1", read_to=1), at=8 * S).then(DIFFERS)
    script.when(alive("s1", read_to=9 * S), at=9 * S).then(AGREES)


def test_the_answer_of_a_gateway_that_was_lost_meanwhile_is_not_heard() -> None:
    script = given(*AVAILABLE).when(alive(read_to=1), at=S)
    question = asked(script)
    script.alive = set()
    script.passing(7 * S).then(GatewayLost(BOOT))
    script.when(answer(question)).then()

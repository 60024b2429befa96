from dataclasses import replace
from typing import Any

import pytest

from services.dispatcher.domain.facts import DialStarted, Ended
from services.dispatcher.domain.inputs import Commanded, KeptOutcome, MakeAvailable
from services.dispatcher.domain.words import (
    Activity,
    Disposition,
    EndReason,
    NotUnsealedReason,
    RefusalReason,
    SignOutReason,
)
from tests.support.builders import (
    AFTER_CONFIRM,
    BOOT,
    HOUR,
    MIN,
    START_MS,
    WRAP_UP,
    S,
    amended,
    attempt,
    call_ended,
    confirmed,
    dial_started,
    ended,
    hang_up,
    nonce,
    not_unsealed,
    offered,
    outcome,
    queued,
    refused,
    session_gone,
    sign_in,
    signed_in,
    signed_out,
    stream_ended,
    unsealing,
)
from tests.support.scenario import CONFIRMED, OFFERED, ON_CALL, WRAPPING_UP, given

NEVER_DIALLED = ended("c1", "s1", EndReason.NEVER_DIALLED, not_before=None, spent=False)
INTERRUPTED = ended("c1", "s1", EndReason.INTERRUPTED)
NOT_GIVEN = ended("c1", "s1", EndReason.NOT_GIVEN, disposition=Disposition.NOT_GIVEN)


def reached(**changes: Any) -> Ended:
    return ended("c1", "s1", EndReason.OUTCOME, disposition=Disposition.REACHED, **changes)


def test_an_announcement_appended_just_before_dial_by_starts_the_call() -> None:
    given(*CONFIRMED).when(unsealing("c1", "s1"), at=15 * S - 1).then(dial_started("c1", "s1"))


def test_an_announcement_appended_at_dial_by_comes_too_late() -> None:
    given(*CONFIRMED).when(unsealing("c1", "s1"), at=15 * S).then(
        refused("s1", "unsealing", RefusalReason.TOO_LATE, attempt("c1"))
    ).passing(S).then(NEVER_DIALLED)


def test_an_announcement_is_judged_by_its_append_time_not_by_when_it_is_read() -> None:
    script = given(*CONFIRMED).when(
        unsealing("c1", "s1"), at=15 * S - 1, written_at=80 * S, behind=True
    )
    script.then(dial_started("c1", "s1"))


def test_never_dialled_waits_for_a_look_at_commands_a_second_behind_dial_by() -> None:
    script = given(*CONFIRMED).looking(30 * S, paced_read_to=16 * S - 1).then()
    script.when(unsealing("c1", "s1"), written_at=30 * S, at=30 * S)
    script.then(refused("s1", "unsealing", RefusalReason.TOO_LATE, attempt("c1")))
    script.looking(30 * S + 500, paced_read_to=16 * S).then(NEVER_DIALLED)


def test_never_dialled_comes_a_second_after_dial_by_and_frees_caller_and_contact() -> None:
    script = given(*CONFIRMED).passing(16 * S - 1).then().passing(1).then(NEVER_DIALLED)
    script.given(queued("c2"), at=16 * S).looking().then(offered("c2", "s1", lease_until=36 * S))


def test_a_late_announcement_found_by_the_late_look_keeps_the_call() -> None:
    script = given(*CONFIRMED).looking(17 * S, paced_read_to=14 * S).then()
    item = Commanded(unsealing("c1", "s1"), BOOT, START_MS + 14 * S)
    script.when(item, at=17 * S).looking().then(dial_started("c1", "s1"))


def test_an_announcement_after_never_dialled_starts_nothing() -> None:
    given(*CONFIRMED).passing(16 * S).then(NEVER_DIALLED).when(unsealing("c1", "s1")).then(
        refused("s1", "unsealing", RefusalReason.NO_SUCH_OFFER, attempt("c1"))
    )


def test_an_announcement_without_a_confirm_starts_nothing() -> None:
    given(*OFFERED).when(unsealing("c1", "s1"), at=S).then(
        refused("s1", "unsealing", RefusalReason.NO_SUCH_OFFER, attempt("c1"))
    )


def test_an_announcement_of_another_generation_than_the_confirm_starts_nothing() -> None:
    given(*CONFIRMED).when(unsealing("c1", "s1", generation=2), at=S).then(
        refused("s1", "unsealing", RefusalReason.NO_SUCH_OFFER, attempt("c1"))
    )


@pytest.mark.parametrize("token", [b"", nonce("s1")], ids=["anew", "resumed"])
def test_an_announcement_made_before_the_caller_came_back_counts_for_its_confirm(
    token: bytes,
) -> None:
    script = given(*CONFIRMED).when(sign_in("s1", 2, resume_token=token), at=2 * S)
    script.so_far()
    (fact,) = script.when(unsealing("c1", "s1", generation=1), at=3 * S).so_far()
    assert isinstance(fact, DialStarted)


def test_a_second_announcement_starts_no_second_call() -> None:
    given(*ON_CALL).when(unsealing("c1", "s1"), at=S).then(
        refused("s1", "unsealing", RefusalReason.NO_SUCH_OFFER, attempt("c1"))
    )


@pytest.mark.parametrize(
    ("reason", "end"),
    [
        (NotUnsealedReason.WITHDRAWN, EndReason.WITHDRAWN),
        (NotUnsealedReason.STOPPED, EndReason.STOPPED),
        (NotUnsealedReason.UNREADABLE, EndReason.UNREADABLE),
    ],
)
def test_a_number_not_unsealed_ends_the_contact_and_spends_no_attempt(
    reason: NotUnsealedReason, end: EndReason
) -> None:
    script = given(*CONFIRMED).when(not_unsealed("c1", "s1", reason), at=S)
    script.then(ended("c1", "s1", end, spent=False))
    script.given(queued("c2"), at=2 * S).looking().then(offered("c2", "s1", lease_until=22 * S))


def test_a_number_announced_but_not_shown_ends_the_contact_on_its_gateways_word() -> None:
    given(*ON_CALL).when(not_unsealed("c1", "s1", NotUnsealedReason.STOPPED), at=S).then(
        ended("c1", "s1", EndReason.STOPPED, spent=False)
    )


def test_a_number_that_its_gateway_was_too_late_to_show_is_never_dialled() -> None:
    given(*CONFIRMED).when(not_unsealed("c1", "s1", NotUnsealedReason.LATE), at=15 * S).then(
        NEVER_DIALLED
    )


def test_a_number_talked_about_cannot_be_taken_back() -> None:
    given(*WRAPPING_UP).when(not_unsealed("c1", "s1", NotUnsealedReason.STOPPED), at=S).then(
        refused("s1", "not_unsealed", RefusalReason.NO_SUCH_OFFER, attempt("c1"))
    )


def test_an_outcome_after_wrap_up_ends_the_contact_and_frees_the_caller() -> None:
    script = given(*ON_CALL).when(hang_up("c1", "s1"), at=40 * S)
    script.then(call_ended("c1", "s1", wrap_up_until=40 * S + WRAP_UP))
    script.when(outcome("c1", "s1", talk_ms=25 * S), at=50 * S).then(reached(talk_ms=25 * S))
    script.given(queued("c2"), at=51 * S).looking().then(offered("c2", "s1", lease_until=71 * S))


def test_an_outcome_during_the_call_ends_call_and_wrap_up() -> None:
    given(*ON_CALL).when(outcome("c1", "s1"), at=40 * S).then(reached())


def test_every_end_after_a_confirm_tells_when_a_first_call_must_be_over() -> None:
    script = given(*OFFERED).given(confirmed("c1", "s1", dial_by=34 * S), at=19 * S)
    script.given(dial_started("c1", "s1"), at=20 * S).when(outcome("c1", "s1"), at=25 * S)
    script.then(reached(not_before=34 * S + AFTER_CONFIRM, confirmed_at=19 * S))


def test_a_call_is_interrupted_after_an_hour() -> None:
    given(*ON_CALL).passing(HOUR - 1).then().passing(1).then(INTERRUPTED)


def test_a_wrap_up_ends_at_its_ceiling_without_a_disposition() -> None:
    script = given(*WRAPPING_UP).passing(WRAP_UP - 1).then().passing(1).then(NOT_GIVEN)
    script.given(queued("c2"), at=31 * S).looking().then(offered("c2", "s1", lease_until=51 * S))


def test_a_caller_ready_before_the_ceiling_leaves_the_disposition_for_later() -> None:
    script = given(*WRAPPING_UP).when(MakeAvailable("s1", 1), at=5 * S).then(NOT_GIVEN)
    script.when(outcome("c1", "s1"), at=9 * S).then(amended("c1", "s1", Disposition.REACHED))


def test_a_call_whose_caller_is_gone_is_interrupted_after_the_grace() -> None:
    script = given(*ON_CALL).given(stream_ended("s1"), at=S)
    script.passing(10 * S - 1).then().passing(1).then(session_gone("s1"))
    script.passing(90 * S - 1).then().passing(1).then(
        INTERRUPTED, signed_out("s1", SignOutReason.GONE)
    )


def test_an_outcome_within_the_grace_counts_and_the_caller_is_out() -> None:
    script = given(*ON_CALL).given(stream_ended("s1"), at=S).passing(60 * S)
    script.then(session_gone("s1"))
    script.when(outcome("c1", "s1"), at=65 * S).then(
        reached(), signed_out("s1", SignOutReason.GONE)
    )


def test_an_outcome_after_the_interruption_is_an_amendment() -> None:
    script = given(*ON_CALL).passing(HOUR).then(INTERRUPTED)
    script.when(outcome("c1", "s1")).then(amended("c1", "s1", Disposition.REACHED))


def test_a_repeated_outcome_is_an_amendment_that_the_desk_sees() -> None:
    script = given(*ON_CALL).when(outcome("c1", "s1"), at=S).then(reached())
    script.when(outcome("c1", "s1"), at=2 * S).then(amended("c1", "s1", Disposition.REACHED))


def test_an_outcome_of_an_attempt_that_nobody_knows_is_an_amendment() -> None:
    given().when(outcome("c9", "s9", Disposition.NO_ANSWER), at=S).then(
        amended("c9", "s9", Disposition.NO_ANSWER)
    )


def test_a_sign_in_saves_what_its_desk_keeps_of_former_calls_and_leaves_the_one_under_way() -> None:
    kept = tuple(KeptOutcome(attempt(c), Disposition.BUSY, None) for c in ("c1", "c9"))
    again = sign_in("s1", 2, resume_token=nonce("s1"), kept=kept)
    script = given(*ON_CALL).when(again, at=S)
    script.then(
        replace(amended("c9", "s1", Disposition.BUSY), nonce=nonce("s1", 2)),
        signed_in("s1", 2, resumed=True, activity=Activity.ON_CALL),
    )
    script.when(again, at=2 * S).then()


def test_an_outcome_of_another_session_does_not_end_the_call() -> None:
    given(*ON_CALL, signed_in("s2")).when(outcome("c1", "s2"), at=S).then(
        amended("c1", "s2", Disposition.REACHED)
    ).when(outcome("c1", "s1"), at=2 * S).then(reached())


def test_an_outcome_before_the_number_was_shown_is_refused() -> None:
    given(*CONFIRMED).when(outcome("c1", "s1"), at=S).then(
        refused("s1", "give_outcome", RefusalReason.WRONG_ACTIVITY, attempt("c1"), nonce("s1"))
    )


def test_an_outcome_from_a_session_that_came_back_with_a_new_generation_counts() -> None:
    script = given(*ON_CALL).when(sign_in("s1", 2, resume_token=nonce("s1")), at=5 * S)
    script.so_far()
    script.when(outcome("c1", "s1", generation=1), at=6 * S).then(reached(nonce=nonce("s1", 2)))


def test_a_caller_who_hangs_up_twice_gets_one_wrap_up() -> None:
    given(*WRAPPING_UP).when(hang_up("c1", "s1"), at=S).then(
        refused("s1", "hang_up", RefusalReason.WRONG_ACTIVITY, attempt("c1"))
    )


def test_wrap_up_of_a_caller_who_is_gone_ends_at_its_ceiling() -> None:
    script = given(*WRAPPING_UP).given(stream_ended("s1"), at=0).passing(10 * S)
    script.then(session_gone("s1")).passing(20 * S)
    script.then(NOT_GIVEN, signed_out("s1", SignOutReason.GONE)).passing(5 * MIN).then()


def test_a_confirm_of_a_caller_who_is_gone_is_never_dialled() -> None:
    script = given(*CONFIRMED).given(stream_ended("s1"), at=0).passing(10 * S)
    script.then(session_gone("s1")).passing(6 * S)
    script.then(NEVER_DIALLED, signed_out("s1", SignOutReason.GONE))

from services.dispatcher.domain.facts import GatewayLost, GatewaySeen, OfferExpired, SignedIn
from services.dispatcher.domain.inputs import GatewayAlive
from services.dispatcher.domain.words import (
    Activity,
    Disposition,
    EndReason,
    RefusalReason,
    RescindReason,
    SignOutReason,
)
from tests.support.builders import (
    BOOT,
    MIN,
    OTHER_BOOT,
    S,
    accept,
    attempt,
    call_ended,
    confirmed,
    dial_started,
    ended,
    hang_up,
    nonce,
    offer_expired,
    offer_rescinded,
    offered,
    open_offer,
    outcome,
    queued,
    refused,
    routed,
    session_gone,
    session_paused,
    sign_in,
    signed_in,
    signed_out,
    stream_ended,
    stream_lost,
    unsealing,
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

GONE = signed_out("s1", SignOutReason.GONE)
NEVER_DIALLED = ended("c1", "s1", EndReason.NEVER_DIALLED, not_before=None, spent=False)


def resume(script: Scenario, at: int, token: bytes | None = None) -> Scenario:
    resume_token = nonce("s1") if token is None else token
    return script.when(sign_in("s1", 2, resume_token=resume_token), at=at)


def resumed(activity: Activity) -> SignedIn:
    offer = open_offer("c1") if activity is Activity.OFFERED else None
    return signed_in("s1", 2, resumed=True, activity=activity, offer=offer)


def test_a_caller_whose_stream_is_lost_gets_nothing_and_is_out_after_ten_seconds() -> None:
    script = given(*AVAILABLE).when(stream_lost("s1"), at=S).then(stream_ended("s1"))
    script.when(routed("c1"), at=2 * S).looking().then(queued("c1"))
    script.passing(9 * S - 1).then().passing(1).then(GONE).passing(MIN).then()


def test_an_offer_goes_back_when_its_caller_is_gone() -> None:
    script = given(*OFFERED, signed_in("s2")).when(stream_lost("s1"), at=S)
    script.then(stream_ended("s1")).passing(10 * S - 1).then().passing(1)
    script.then(
        offer_rescinded("c1", "s1", RescindReason.SESSION_GONE),
        GONE,
        offered("c1", "s2", 2, lease_until=31 * S),
    )


def test_a_lost_stream_ends_only_bindings_that_are_still_current() -> None:
    script = given(*AVAILABLE, signed_in("s1", 2)).when(stream_lost("s1"), at=S).then()
    script.when(stream_lost("s9"), at=S).then().passing(MIN).then()


def test_one_stream_may_carry_many_sessions() -> None:
    script = given(*AVAILABLE, signed_in("s2"), signed_in("s3")).when(stream_lost("s1", "s2"), at=S)
    script.then(stream_ended("s1", "s2")).passing(10 * S)
    script.then(GONE, signed_out("s2", SignOutReason.GONE))


def test_a_caller_who_is_back_in_time_keeps_the_offer() -> None:
    script = given(*OFFERED).when(stream_lost("s1"), at=S).then(stream_ended("s1"))
    resume(script, 10 * S).then(resumed(Activity.OFFERED))
    script.when(accept("c1", "s1", generation=2), at=15 * S).then(
        confirmed("c1", "s1", generation=2, dial_by=30 * S)
    )


def test_news_of_a_kept_offer_goes_to_the_new_stream() -> None:
    script = resume(given(*OFFERED, signed_in("s2")), 5 * S)
    script.then(resumed(Activity.OFFERED)).passing(15 * S)
    (expired, again) = script.so_far()
    assert isinstance(expired, OfferExpired)
    assert expired.nonce == nonce("s1", 2)
    assert again == offered("c1", "s2", 2, lease_until=40 * S, ready_callers=2)


def test_a_caller_who_is_back_in_time_keeps_the_call() -> None:
    script = given(*ON_CALL).when(stream_lost("s1"), at=S).then(stream_ended("s1"))
    resume(script, 10 * S).then(resumed(Activity.ON_CALL)).passing(5 * MIN).then()
    script.when(hang_up("c1", "s1", generation=2), at=6 * MIN)
    (fact,) = script.so_far()
    assert isinstance(fact, type(call_ended("c1", "s1")))
    assert fact.nonce == nonce("s1", 2)


def test_a_caller_who_is_back_within_the_grace_keeps_the_call() -> None:
    script = given(*ON_CALL).when(stream_lost("s1"), at=S).passing(10 * S)
    script.then(stream_ended("s1"), session_gone("s1"))
    resume(script, 100 * S).then(resumed(Activity.ON_CALL)).passing(5 * MIN).then()


def test_a_caller_who_is_back_in_time_keeps_the_wrap_up() -> None:
    script = given(*WRAPPING_UP).when(stream_lost("s1"), at=S).then(stream_ended("s1"))
    resume(script, 9 * S).then(resumed(Activity.WRAP_UP))
    script.when(outcome("c1", "s1", generation=2), at=10 * S).then(
        ended("c1", "s1", EndReason.OUTCOME, disposition=Disposition.REACHED, nonce=nonce("s1", 2))
    )


def test_a_resume_does_not_inherit_a_confirm() -> None:
    script = resume(given(*CONFIRMED), 2 * S).then(resumed(Activity.ON_CALL))
    script.when(unsealing("c1", "s1", generation=2), at=3 * S).then(
        refused("s1", "unsealing", RefusalReason.NO_SUCH_OFFER, attempt("c1"))
    )
    script.when(accept("c1", "s1", generation=2), at=3 * S).then(
        refused("s1", "accept_offer", RefusalReason.NO_SUCH_OFFER, attempt("c1"))
    )
    script.passing(13 * S)
    (end,) = script.so_far()
    assert end == ended(
        "c1", "s1", EndReason.NEVER_DIALLED, not_before=None, spent=False, nonce=nonce("s1", 2)
    )


def test_a_number_announced_through_the_old_stream_is_a_call_of_the_session() -> None:
    script = resume(given(*CONFIRMED), 2 * S).then(resumed(Activity.ON_CALL))
    script.when(unsealing("c1", "s1", generation=1), at=3 * S)
    (started,) = script.so_far()
    assert isinstance(started, type(dial_started("c1", "s1")))
    script.passing(MIN).then()


def test_a_paused_caller_is_still_paused_after_a_resume() -> None:
    paused = session_paused("s1", "lunch", 10 * MIN)
    script = resume(given(*AVAILABLE, paused), 2 * S).then(resumed(Activity.PAUSED))
    script.when(routed("c1"), at=3 * S).looking().then(queued("c1"))


def test_a_wrong_token_is_no_resume() -> None:
    script = resume(given(*OFFERED), 2 * S, token=b"guessed")
    script.then(offer_rescinded("c1", "s1", RescindReason.SESSION_REPLACED), signed_in("s1", 2))


def test_a_new_sign_in_during_a_call_keeps_the_call_for_its_outcome() -> None:
    script = given(*ON_CALL).when(sign_in("s1", 2), at=S)
    script.then(signed_in("s1", 2, activity=Activity.ON_CALL))
    script.when(outcome("c1", "s1", generation=2), at=9 * S).then(
        ended("c1", "s1", EndReason.OUTCOME, disposition=Disposition.REACHED, nonce=nonce("s1", 2))
    )


def test_an_offer_of_a_caller_who_is_gone_is_taken_back_before_its_lease_ends() -> None:
    script = given(*OFFERED).when(stream_lost("s1"), at=S).then(stream_ended("s1"))
    script.passing(19 * S)
    news = script.so_far()
    assert news[0] == offer_rescinded("c1", "s1", RescindReason.SESSION_GONE)
    assert offer_expired("c1", "s1") not in news


def test_a_suspect_caller_whose_call_ends_gets_nothing_new() -> None:
    script = given(*ON_CALL, queued("c2")).when(stream_lost("s1"), at=S)
    script.then(stream_ended("s1")).when(outcome("c1", "s1"), at=2 * S).looking()
    script.then(ended("c1", "s1", EndReason.OUTCOME, disposition=Disposition.REACHED))
    script.passing(9 * S).then(GONE)


def test_a_silent_gateway_is_lost_after_five_seconds_and_its_callers_ten_later() -> None:
    script = given(*AVAILABLE, signed_in("s2", boot_id=OTHER_BOOT))
    script.given(GatewaySeen(OTHER_BOOT))
    script.alive = {OTHER_BOOT}
    script.passing(5 * S - 1).then().passing(S).then(GatewayLost(BOOT))
    script.when(routed("c1")).looking()
    script.then(queued("c1"), offered("c1", "s2", lease_until=26 * S - 1))
    script.passing(10 * S)
    assert GONE in script.so_far()


def test_a_gateway_that_speaks_again_in_time_has_its_callers_back() -> None:
    script = given(*AVAILABLE)
    script.alive = set()
    script.passing(6 * S).then(GatewayLost(BOOT))
    script.when(routed("c1"), at=12 * S).looking().then(queued("c1"))
    script.alive = {BOOT}
    script.when(GatewayAlive(0), at=13 * S).looking().then(
        GatewaySeen(BOOT), offered("c1", "s1", lease_until=33 * S)
    )
    script.passing(19 * S).then()


def test_a_stream_lost_while_its_gateway_was_silent_is_not_brought_back_by_the_gateway() -> None:
    script = given(*AVAILABLE)
    script.alive = set()
    script.passing(6 * S).then(GatewayLost(BOOT))
    script.when(stream_lost("s1"), at=7 * S).when(GatewayAlive(0), at=8 * S).so_far()
    script.alive = {BOOT}
    script.when(routed("c1"), at=8 * S).looking().then(queued("c1"))
    script.passing(10 * S).then(GONE)


def test_a_call_outlives_its_gateways_silence_by_the_grace() -> None:
    script = given(*ON_CALL)
    script.alive = set()
    script.passing(16 * S).then(GatewayLost(BOOT), session_gone("s1"))
    script.passing(90 * S).then(ended("c1", "s1", EndReason.INTERRUPTED), GONE)


def test_callers_of_a_restarted_gateway_come_back_through_the_new_one() -> None:
    script = given(*ON_CALL)
    script.alive = {OTHER_BOOT}
    again = sign_in("s1", 2, resume_token=nonce("s1"))
    script.when(again, at=4 * S, boot_id=OTHER_BOOT).then(
        signed_in("s1", 2, boot_id=OTHER_BOOT, resumed=True, activity=Activity.ON_CALL)
    )
    script.passing(5 * MIN).then(GatewayLost(BOOT))


def test_a_gateway_that_signs_callers_in_and_is_never_heard_of_again_is_lost() -> None:
    script = given(signed_in("s1", boot_id=OTHER_BOOT)).passing(6 * S)
    script.then(GatewayLost(OTHER_BOOT)).passing(10 * S).then(GONE)


def test_confirmed_contacts_of_a_lost_stream_are_never_dialled_in_time() -> None:
    script = given(*CONFIRMED).when(stream_lost("s1"), at=S).passing(15 * S)
    script.then(stream_ended("s1"), session_gone("s1"), NEVER_DIALLED, GONE)

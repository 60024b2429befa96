"""Callers who lose their stream, come back, or sit at two desks: through the real door."""

import csv
from collections.abc import Iterator

import pytest

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2
from seatline.facts.v1 import session_pb2 as sessions
from seatline.gateway.v1 import gateway_service_pb2 as wire
from tests.support.eventually import eventually
from tests.support.load import FACTS, MAP, publish, read_log
from tests.support.office import COMMANDS, Desk, append, desk_at, send_contact
from tests.support.stack import Stack, whole_stack

pytestmark = pytest.mark.timeout(300)

SUSPECT_WITHIN_MS = 5_000
"""Two signs of life, a question and its answer, on a machine that others use."""
GONE_WITHIN_MS = 10_000 + 3_000

Facts = list[tuple[int, facts_pb2.Fact]]
"""Append time and fact, of one partition."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("callers")
    with whole_stack(folder, slots={"gateway": 2}) as running:
        publish(running)
        yield running


@pytest.fixture(scope="module")
def seats() -> Iterator[tuple[str, str]]:
    """A seat and its centre, another one at each draw."""
    with MAP.open() as file:
        first = {row["centre_id"]: row["seat_id"] for row in csv.DictReader(file)}
    return iter([(seat_id, centre_id) for centre_id, seat_id in first.items()])


def facts_about(stack: Stack, session_id: str) -> tuple[int, Facts]:
    """Return the partition of a session and all facts there."""
    for partition, records in read_log(stack, FACTS).items():
        found = [(record.appended_at_ms, fact) for record in records for fact in record.entries]
        if any(fact.signed_in.session_id == session_id for _, fact in found):
            return partition, found
    raise AssertionError(f"{session_id} never signed in")


def test_a_binding_that_no_stream_has_is_found_out_and_its_contact_goes_to_another(
    stack: Stack, seats: Iterator[tuple[str, str]]
) -> None:
    seat_id, centre_id = next(seats)
    with desk_at(stack, 0) as desk:
        desk.sign_in("P-other", next(seats)[1])
        desk.sign_in("P-real", centre_id)
        partition, found = facts_about(stack, "P-real")
        boot_id = next(
            fact.signed_in.boot_id for _, fact in found if fact.signed_in.session_id == "P-real"
        )
        desk.say("P-real", sign_out=wire.SignOutWish())
        desk.hears("P-real", "signed_out")
        send_contact(stack, "K-ghost", seat_id)
        ghost = commands_pb2.SignIn(
            session_id="P-ghost", centre_id=centre_id, languages=["hi"], nonce=b"no-such-stream"
        )
        record = commands_pb2.CommandRecord(
            boot_id=boot_id, commands=[commands_pb2.Command(sign_in=ghost)]
        )
        append(stack, COMMANDS, partition, record.SerializeToString())
        eventually(
            lambda: any(
                fact.offered.session_id == "P-ghost" for _, fact in facts_about(stack, "P-ghost")[1]
            ),
            what="the contact is offered to nobody's binding",
        )
        desk.sign_in("P-real", centre_id)
        attempt = desk.is_called("P-real")
        assert (attempt.contact_id, attempt.attempt) == ("K-ghost", 2)
        desk.gives_outcome("P-real", attempt)

    _, found = facts_about(stack, "P-ghost")
    bound, suspect, gone = (
        next(at_ms for at_ms, fact in found if is_it(fact))
        for is_it in (
            lambda fact: fact.signed_in.session_id == "P-ghost",
            lambda fact: ghost.nonce in fact.stream_ended.nonces,
            lambda fact: fact.signed_out.session_id == "P-ghost",
        )
    )
    assert suspect - bound <= SUSPECT_WITHIN_MS
    assert gone - suspect <= GONE_WITHIN_MS
    asked = [fact for _, fact in found if fact.HasField("presence_list_asked")]
    assert {fact.presence_list_asked.boot_id for fact in asked} == {boot_id}
    ended = {nonce for _, fact in found for nonce in fact.stream_ended.nonces}
    assert ghost.nonce in ended


@pytest.mark.parametrize("breaks", ["stream", "gateway"])
def test_a_caller_who_comes_back_finds_offer_call_and_wrap_up_as_they_were(
    stack: Stack, seats: Iterator[tuple[str, str]], breaks: str
) -> None:
    places = {f"P-{breaks}-{state}": next(seats) for state in ("offered", "on-call", "wrap-up")}
    offered, on_call, wrap_up = places
    desk = Desk(stack, 0)
    tokens = {
        session_id: desk.sign_in(session_id, centre_id).resume_token
        for session_id, (_, centre_id) in places.items()
    }
    for session_id, (seat_id, _) in places.items():
        send_contact(stack, f"K-{session_id}", seat_id)
    calls = {session_id: desk.is_called(session_id) for session_id in (on_call, wrap_up)}
    desk.say(wrap_up, hang_up=wire.HangUpWish(attempt=calls[wrap_up]))
    while desk.hears(wrap_up, "activity").activity != sessions.ACTIVITY_WRAP_UP:
        pass
    offer = desk.hears(offered, "offer")
    if breaks == "gateway":
        pid = stack.kill("gateway-0")
        desk.leave()
        eventually(lambda: stack.endpoints["pids"].get("gateway-0", pid) != pid)
    else:
        desk.leave()

    with desk_at(stack, 0 if breaks == "gateway" else 1) as again:
        found = {
            session_id: again.sign_in(session_id, centre_id, tokens[session_id])
            for session_id, (_, centre_id) in places.items()
        }
        assert all(notice.resumed for notice in found.values())
        assert [found[session_id].activity for session_id in places] == [
            sessions.ACTIVITY_OFFERED,
            sessions.ACTIVITY_ON_CALL,
            sessions.ACTIVITY_WRAP_UP,
        ]
        assert again.hears(offered, "offer") == offer
        again.say(offered, accept=wire.AcceptWish(attempt=offer.attempt))
        assert again.hears(offered, "number").attempt == offer.attempt
        again.say(on_call, hang_up=wire.HangUpWish(attempt=calls[on_call]))
        assert again.hears(on_call, "activity").activity == sessions.ACTIVITY_WRAP_UP
        for session_id, attempt in {**calls, offered: offer.attempt}.items():
            again.gives_outcome(session_id, attempt)
        # Whoever was not shown that an outcome is saved says it again: a later word is kept too.
        again.gives_outcome(wrap_up, calls[wrap_up])
    _, facts = facts_about(stack, wrap_up)
    amended = [fact.outcome_amended for _, fact in facts if fact.HasField("outcome_amended")]
    assert [each.attempt for each in amended if each.session_id == wrap_up] == [calls[wrap_up]]


def test_an_offer_made_while_no_stream_could_tell_it_is_told_to_the_next(
    stack: Stack, seats: Iterator[tuple[str, str]]
) -> None:
    seat_id, centre_id = next(seats)
    with desk_at(stack, 0) as desk:
        token = desk.sign_in("P-unheard", centre_id).resume_token
        stack.pause("gateway-0")
        try:
            send_contact(stack, "K-unheard", seat_id)
            eventually(
                lambda: any(
                    fact.offered.session_id == "P-unheard"
                    for _, fact in facts_about(stack, "P-unheard")[1]
                ),
                what="the contact is offered",
            )
            with desk_at(stack, 1) as again:
                notice = again.sign_in("P-unheard", centre_id, token)
                assert (notice.resumed, notice.activity) == (True, sessions.ACTIVITY_OFFERED)
                attempt = again.is_called("P-unheard")
                assert (attempt.contact_id, attempt.attempt) == ("K-unheard", 1)
                stack.resume("gateway-0")
                assert desk.hears("P-unheard", "signed_out")
                again.gives_outcome("P-unheard", attempt)
        finally:
            stack.resume("gateway-0")


def test_who_signs_in_at_two_gateways_is_one_caller_at_the_second(
    stack: Stack, seats: Iterator[tuple[str, str]]
) -> None:
    seat_id, centre_id = next(seats)
    with desk_at(stack, 0) as first, desk_at(stack, 1) as second:
        first.sign_in("P-twice", centre_id)
        assert not second.sign_in("P-twice", centre_id).resumed
        assert first.hears("P-twice", "signed_out").reason == sessions.SIGN_OUT_REASON_GONE
        send_contact(stack, "K-twice", seat_id)
        attempt = second.is_called("P-twice")
        first.say("P-twice", accept=wire.AcceptWish(attempt=attempt))
        assert first.hears("P-twice", "refused").reason == "not_signed_in"
        second.gives_outcome("P-twice", attempt)
        assert not [each for each in first.news if each.HasField("offer")]

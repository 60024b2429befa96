import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2, session_pb2
from seatline.gateway.v1 import gateway_service_pb2 as wire
from seatline.map.v1 import map_pb2
from services.runtime.errors import PromiseBrokenError
from tests.fakes.scripted_dispatcher import (
    FACTS,
    MAP,
    SUPPRESSIONS,
    attempt,
    sign_in_wish,
)
from tests.unit.gateway.rig import Rig, caught_up, settings

Fact = facts_pb2.Fact


async def test_nothing_is_told_before_its_fact_was_read(tmp_path: Path) -> None:
    rig = await caught_up(tmp_path)
    stream = rig.stream()
    rig.wish(stream, sign_in_wish("S-1"))
    rig.step()
    assert await rig.news(stream) == []
    fact = rig.bound(rig.stream(), "S-2")
    assert await rig.news(stream) == []
    assert fact.session_id == "S-2"


async def test_a_sign_in_is_told_with_its_token(tmp_path: Path) -> None:
    rig = await caught_up(tmp_path)
    stream = rig.stream()
    fact = rig.bound(stream)
    (told,) = await rig.news(stream)
    assert told.session_id == "S-1"
    assert told.signed_in.resume_token == fact.nonce
    assert told.signed_in.activity == session_pb2.ACTIVITY_AVAILABLE


async def test_the_second_desk_of_a_session_ends_the_first(tmp_path: Path) -> None:
    rig = await caught_up(tmp_path)
    first, second = rig.stream(), rig.stream()
    rig.bound(first)
    rig.bound(second, generation=2)
    *_, gone = await rig.news(first)
    assert gone.signed_out.reason == session_pb2.SIGN_OUT_REASON_GONE
    (told,) = await rig.news(second)
    assert told.HasField("signed_in")


async def test_what_a_desk_keeps_is_handed_on_and_told_as_saved_though_its_sign_in_is_refused(
    tmp_path: Path,
) -> None:
    rig = await caught_up(tmp_path)
    stream = rig.stream()
    kept = wire.OutcomeWish(attempt=attempt(), disposition=commands_pb2.DISPOSITION_BUSY)
    wish = sign_in_wish("S-1")
    wish.sign_in.kept.append(kept)
    rig.wish(stream, wish)
    rig.step()
    command = rig.commands()[-1].sign_in
    assert [(each.attempt, each.disposition) for each in command.kept] == [
        (kept.attempt, kept.disposition)
    ]
    saved = facts_pb2.OutcomeAmended(attempt=attempt(), session_id="S-1", nonce=command.nonce)
    no = session_pb2.CommandRefused(
        session_id="S-1",
        nonce=command.nonce,
        boot_id=rig.sessions.boot_id,
        command="sign_in",
        reason=session_pb2.REFUSAL_REASON_UNKNOWN_CENTRE,
    )
    rig.fact(Fact(outcome_amended=saved), Fact(command_refused=no))
    rig.step()
    first, second = await rig.news(stream)
    assert first.saved.attempt == attempt()
    assert (second.refused.wish, second.refused.reason) == ("sign_in", "unknown_centre")
    assert len(rig.sessions.bindings) == 0


async def test_who_sits_at_a_centre_that_a_later_map_lacks_is_left_to_the_dispatcher(
    tmp_path: Path,
) -> None:
    rig = await caught_up(tmp_path)
    rig.dispatcher.publish_map({"C002": 1})
    rig.step()
    stream = rig.stream()
    rig.wish(stream, sign_in_wish("S-1"))
    rig.step()
    assert rig.commands()[-1].sign_in.centre_id == "C001"
    assert await rig.news(stream) == []


@pytest.mark.parametrize(
    "ending",
    [
        Fact(signed_out=session_pb2.SignedOut(reason=session_pb2.SIGN_OUT_REASON_ENDED)),
        Fact(session_gone=session_pb2.SessionGone()),
    ],
)
async def test_a_session_that_is_over_is_told_and_forgotten(
    tmp_path: Path, ending: facts_pb2.Fact
) -> None:
    rig = await caught_up(tmp_path)
    stream = rig.stream()
    fact = rig.bound(stream)
    await rig.news(stream)
    body = getattr(ending, ending.WhichOneof("kind") or "")
    body.session_id, body.nonce = "S-1", fact.nonce
    rig.fact(ending)
    rig.step()
    (told,) = await rig.news(stream)
    assert told.HasField("signed_out")
    assert len(rig.sessions.bindings) == 0


async def test_a_refused_sign_in_may_be_tried_again(tmp_path: Path) -> None:
    rig = await caught_up(tmp_path)
    stream = rig.stream()
    rig.wish(stream, sign_in_wish("S-1"))
    rig.acknowledge()
    (first,) = rig.commands()
    refused = session_pb2.CommandRefused(
        session_id="S-1",
        nonce=first.sign_in.nonce,
        boot_id=rig.sessions.boot_id,
        command="sign_in",
        reason=session_pb2.REFUSAL_REASON_UNKNOWN_CENTRE,
    )
    rig.fact(Fact(command_refused=refused))
    rig.step()
    (told,) = await rig.news(stream)
    assert (told.refused.wish, told.refused.reason) == ("sign_in", "unknown_centre")
    rig.wish(stream, sign_in_wish("S-1"))
    rig.acknowledge()
    (second,) = rig.commands()
    assert second.sign_in.nonce != first.sign_in.nonce


async def test_a_refusal_without_nonce_is_told_to_the_session_of_this_gateway(
    tmp_path: Path,
) -> None:
    rig = await caught_up(tmp_path)
    stream = rig.stream()
    rig.bound(stream)
    await rig.news(stream)
    refused = session_pb2.CommandRefused(
        session_id="S-1",
        boot_id=rig.sessions.boot_id,
        command="accept_offer",
        reason=session_pb2.REFUSAL_REASON_UNKNOWN_SESSION,
    )
    rig.fact(Fact(command_refused=refused))
    refused.boot_id = b"o" * 16
    rig.fact(Fact(command_refused=refused))
    rig.step()
    (told,) = await rig.news(stream)
    assert (told.refused.wish, told.refused.reason) == ("accept", "unknown_session")


async def test_a_closed_stream_is_reported_even_when_the_first_report_fails(
    tmp_path: Path,
) -> None:
    rig = await caught_up(tmp_path)
    stream = rig.stream()
    fact = rig.bound(stream)
    rig.writer.lose_acks = True
    rig.running.stream_closed(stream)
    rig.writer.serve()
    rig.writer.lose_acks = False
    rig.running.commands.settle()
    rig.acknowledge()
    said = rig.commands()
    assert [list(each.stream_lost.nonces) for each in said] == [[fact.nonce], [fact.nonce]]
    assert rig.running.commands.waiting == 0


async def test_signs_of_life_name_the_next_offset_once_a_second(tmp_path: Path) -> None:
    rig = await caught_up(tmp_path)
    await rig.running.publish_readiness()
    for _ in range(11):
        rig.clock.advance(100)
        rig.running.pulse()
        rig.acknowledge()
    alive = [each.gateway_alive for each in rig.commands(0)]
    assert [each.facts_offset for each in alive] == [1]
    assert len(rig.commands(1)) == 1


async def test_no_sign_of_life_piles_up_while_the_broker_is_away(tmp_path: Path) -> None:
    rig = await caught_up(tmp_path)
    await rig.running.publish_readiness()
    rig.broker.away = True
    for _ in range(50):
        rig.clock.advance(1_000)
        rig.running.pulse()
        rig.acknowledge()
    assert rig.running.commands.waiting == 2


async def test_the_door_opens_once_all_logs_are_read_to_their_end(tmp_path: Path) -> None:
    rig = Rig(settings(tmp_path))
    assert "seatline.facts.v1/0" in rig.running.not_ready()
    rig.step()
    assert rig.running.not_ready() == ""
    rig.clock.advance(60_000)
    assert rig.running.not_ready() != ""


async def test_a_gap_in_facts_stops_the_gateway(tmp_path: Path) -> None:
    rig = await caught_up(tmp_path)
    rig.dispatcher.seq[0] += 1
    rig.fact()
    with pytest.raises(PromiseBrokenError, match=r"facts\.v1/0"):
        rig.step()


async def test_a_fact_of_an_unknown_kind_stops_the_gateway(tmp_path: Path) -> None:
    rig = await caught_up(tmp_path)
    rig.bound(rig.stream())
    rig.fact(Fact())
    with pytest.raises(PromiseBrokenError, match="upgrade this reader"):
        rig.step()


async def test_an_order_of_an_unknown_kind_stops_the_gateway(tmp_path: Path) -> None:
    rig = await caught_up(tmp_path)
    rig.broker.append(MAP, map_pb2.MapRecord(by="test").SerializeToString())
    with pytest.raises(PromiseBrokenError, match=r"map\.v1/0"):
        rig.step()


async def test_a_tombstone_lifts_nothing(tmp_path: Path) -> None:
    rig = await caught_up(tmp_path)
    rig.broker.append(MAP, b"")
    rig.broker.append(SUPPRESSIONS, b"")
    rig.step()
    assert rig.sessions.centres == {"C001": 0, "C002": 1}


@given(value=st.binary(min_size=1, max_size=200), topic=st.sampled_from([FACTS, *MAP[:1]]))
def test_random_bytes_are_read_or_stop_the_gateway_in_an_orderly_way(
    tmp_path_factory: pytest.TempPathFactory, value: bytes, topic: str
) -> None:
    async def read() -> None:
        rig = await caught_up(tmp_path_factory.mktemp("rig"))
        rig.bound(rig.stream())
        rig.broker.append((topic, 0), value)
        with suppress(PromiseBrokenError):
            rig.step()

    asyncio.run(read())

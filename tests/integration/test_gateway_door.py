"""The real door and real clients, on the in-memory log with a scripted dispatcher."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2, session_pb2
from seatline.gateway.v1 import gateway_service_pb2 as wire
from services.gateway.wiring import FACTS
from services.runtime.errors import PromiseBrokenError
from tests.fakes.scripted_dispatcher import (
    PHONE,
    TOKEN,
    attempt,
    sign_in_wish,
)
from tests.integration.gateway_live_door import SERVICE, WITHIN_S, LiveDoor


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[LiveDoor]:
    async with LiveDoor(tmp_path) as live:
        yield await live.ready()


def offered(fact: session_pb2.SignedIn) -> facts_pb2.Fact:
    return facts_pb2.Fact(
        offered=facts_pb2.Offered(
            attempt=attempt(),
            session_id=fact.session_id,
            generation=fact.generation,
            nonce=fact.nonce,
            seat_id="S24-35",
        )
    )


async def test_a_call_from_sign_in_to_its_saved_outcome(door: LiveDoor) -> None:
    client = await door.client()
    fact = await door.bound(client)
    door.dispatcher.write(0, offered(fact))
    assert (await client.hears("offer")).offer.seat_id == "S24-35"

    accept = wire.AcceptWish(attempt=attempt())
    await client.wish(wire.ClientEvent(session_id="S-1", accept=accept))
    assert (await door.said("accept_offer")).generation == fact.generation
    dial_by_ms = door.broker.clock.wall_ms() + 15_000
    door.dispatcher.write(0, door.dispatcher.confirmed(fact, attempt(), dial_by_ms))
    number = (await client.hears("number")).number
    assert (number.phone, number.dial_by.ToMilliseconds()) == (PHONE, dial_by_ms)
    assert (await door.said("unsealing")).attempt == attempt()

    outcome = wire.OutcomeWish(attempt=attempt(), disposition=commands_pb2.DISPOSITION_REACHED)
    await client.wish(wire.ClientEvent(session_id="S-1", outcome=outcome))
    assert (await door.said("give_outcome")).nonce == fact.nonce
    assert not client.news
    ended = facts_pb2.Ended(
        attempt=attempt(),
        session_id="S-1",
        nonce=fact.nonce,
        reason=facts_pb2.END_REASON_OUTCOME,
        disposition=commands_pb2.DISPOSITION_REACHED,
    )
    door.dispatcher.write(0, facts_pb2.Fact(ended=ended))
    assert (await client.hears("saved")).saved.attempt == attempt()


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x"])
async def test_a_client_without_the_token_is_told_the_remedy(
    door: LiveDoor, token: str | None
) -> None:
    client = await door.client(token)
    code, details = await client.ended()
    assert code is grpc.StatusCode.UNAUTHENTICATED
    assert "authorization: Bearer" in details


async def test_a_stream_before_the_map_is_read_is_sent_away(tmp_path: Path) -> None:
    async with LiveDoor(tmp_path) as live:
        client = await live.client()
        code, details = await client.ended()
    assert code is grpc.StatusCode.UNAVAILABLE
    assert "connect again" in details


async def test_malformed_wishes_are_refused_and_the_stream_stays(door: LiveDoor) -> None:
    client = await door.client()
    await client.wish(wire.ClientEvent(session_id="S-1"))
    assert (await client.hears("refused")).refused.field == "kind"
    await client.wish(sign_in_wish("S" * 65))
    assert (await client.hears("refused")).refused.field == "session_id"
    await client.wish(*[sign_in_wish("S-1")] * 501)
    assert (await client.hears("refused")).refused.field == "events"
    await client.wish(wire.ClientEvent(session_id="S-9", ready=wire.ReadyWish()))
    refused = (await client.hears("refused")).refused
    assert (refused.wish, refused.reason) == ("ready", "not_signed_in")
    await door.bound(client)


async def test_garbage_ends_only_its_own_stream(door: LiveDoor) -> None:
    good = await door.client()
    await door.bound(good)
    raw = (await door.channel()).stream_stream(
        f"/{SERVICE}/Connect", request_serializer=None, response_deserializer=None
    )
    call = raw(metadata=[("authorization", f"Bearer {TOKEN}")])
    await call.write(b"\xff\xff\xff\xff garbage")
    async with asyncio.timeout(WITHIN_S):
        assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT
    await door.bound(good, "S-2")


async def test_a_frame_beyond_the_size_limit_ends_its_stream(door: LiveDoor) -> None:
    client = await door.client()
    await client.wish(wire.ClientEvent(session_id="S" * 1_100_000))
    code, _ = await client.ended()
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_stream_that_ends_is_reported_with_its_nonces(door: LiveDoor) -> None:
    client = await door.client()
    fact = await door.bound(client)
    client.call.cancel()
    assert list((await door.said("stream_lost")).nonces) == [fact.nonce]


async def test_a_client_that_half_closes_is_reported_too(door: LiveDoor) -> None:
    client = await door.client()
    fact = await door.bound(client)
    await client.call.done_writing()
    assert list((await door.said("stream_lost")).nonces) == [fact.nonce]
    assert (await client.ended())[0] is grpc.StatusCode.OK


async def test_a_client_that_does_not_read_is_closed_with_a_reason(tmp_path: Path) -> None:
    async with LiveDoor(tmp_path, stream_queue_max=50) as live:
        await live.ready()
        client = await live.client()
        fact = await live.bound(client)
        long = session_pb2.SessionPaused(session_id="S-1", nonce=fact.nonce, reason="r" * 20_000)
        async with asyncio.timeout(WITHIN_S):
            while not live.commands("stream_lost"):
                live.dispatcher.write(0, *[facts_pb2.Fact(session_paused=long)] * 10)
                await asyncio.sleep(0.01)
        await live.bound(await live.client(), "S-2")
        # Its own library gives a client the status only behind what it left unread.
        with pytest.raises(grpc.aio.AioRpcError):
            await client.hears("number")
        code, details = await client.ended()
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "wait unread" in details


async def test_streams_that_break_while_news_flow_do_not_end_the_gateway(door: LiveDoor) -> None:
    for number in range(10):
        client = await door.client()
        fact = await door.bound(client, f"S-{number}")
        news = session_pb2.SessionAvailable(session_id=fact.session_id, nonce=fact.nonce)
        door.dispatcher.write(0, *[facts_pb2.Fact(session_available=news)] * 100)
        client.call.cancel()
    await door.said("stream_lost", 10)
    await door.bound(await door.client())
    assert not door.main.done()


async def test_news_that_gathers_within_the_gap_share_a_frame(door: LiveDoor) -> None:
    client = await door.client()
    fact = await door.bound(client)
    frames = client.frames
    available = session_pb2.SessionAvailable(session_id="S-1", nonce=fact.nonce)
    for _ in range(200):
        door.dispatcher.write(0, facts_pb2.Fact(session_available=available))
    for _ in range(200):
        await client.hears("activity")
    assert client.frames - frames < 200


async def test_more_streams_than_allowed_are_sent_away(tmp_path: Path) -> None:
    async with LiveDoor(tmp_path, streams_max=1) as live:
        await live.ready()
        await live.bound(await live.client())
        code, details = await (await live.client()).ended()
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "more sessions on each stream" in details


async def test_an_orderly_stop_closes_streams_with_a_reason_and_says_what_it_lost(
    door: LiveDoor,
) -> None:
    client = await door.client()
    fact = await door.bound(client)
    door.process.stop.ask("SIGTERM")
    code, details = await client.ended()
    assert code is grpc.StatusCode.UNAVAILABLE
    assert details == "gateway is draining, connect again"
    async with asyncio.timeout(WITHIN_S):
        await door.main
    assert list((await door.said("stream_lost")).nonces) == [fact.nonce]
    assert "door" in door.process.health.not_ready()


async def test_a_broken_log_ends_the_gateway_loudly(door: LiveDoor) -> None:
    door.broker.append((FACTS, 0), b"\xff")
    with pytest.raises(PromiseBrokenError, match=FACTS):
        async with asyncio.timeout(WITHIN_S):
            await door.main


async def test_health_and_reflection_answer_without_a_token(door: LiveDoor) -> None:
    channel = await door.channel()
    health = health_pb2_grpc.HealthStub(channel)
    serving = health_pb2.HealthCheckResponse.SERVING
    for name in ("", SERVICE):
        async with asyncio.timeout(WITHIN_S):
            async for answer in health.Watch(health_pb2.HealthCheckRequest(service=name)):
                if answer.status == serving:
                    break
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    call = stub.ServerReflectionInfo(
        iter([reflection_pb2.ServerReflectionRequest(list_services="")])
    )
    answer = await call.read()
    assert SERVICE in [each.name for each in answer.list_services_response.service]

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random

import grpc
import pytest

from seatline.facts.v1 import session_pb2 as sessions
from seatline.gateway.v1 import gateway_service_pb2 as wire
from seatline.gateway.v1 import gateway_service_pb2_grpc as rpc
from services.simulator.adapters.clock import SystemTicks
from services.simulator.adapters.gateway_client import FRAME_EVENTS, GatewayDesks
from services.simulator.domain.callers import Caller
from services.simulator.domain.calls import Attempt, CallPlan, Disposition, Reaction
from services.simulator.domain.measure import Tally
from services.simulator.domain.team import Team
from services.simulator.handlers.crowd import Crowd, Workplace
from tests.fakes.simulator import InMemoryJournal

PLAN = CallPlan(Reaction.ACCEPT, 100.0, 10_000.0, 0.0, Disposition.REACHED, 0.0)
TOKEN = "of-the-state-folder"  # noqa: S105 (nobody else's)


@dataclass
class Door(rpc.GatewayServiceServicer):
    """A gateway that signs everybody in, and closes a stream when told to."""

    frames: list[wire.ClientFrame] = field(default_factory=list)
    tokens: list[bytes] = field(default_factory=list)
    close: asyncio.Event = field(default_factory=asyncio.Event)

    async def Connect(self, request_iterator, context):  # noqa: N802
        if ("authorization", f"Bearer {TOKEN}") not in context.invocation_metadata():
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "token")
        reading = asyncio.ensure_future(self._read(context))
        closing = asyncio.ensure_future(self.close.wait())
        await asyncio.wait({reading, closing}, return_when=asyncio.FIRST_COMPLETED)
        reading.cancel()
        if closing.done():
            self.close.clear()
            await context.abort(grpc.StatusCode.UNAVAILABLE, "closed")

    async def _read(self, context):
        while isinstance(frame := await context.read(), wire.ClientFrame):
            self.frames.append(frame)
            answer = wire.ServerFrame()
            for event in frame.events:
                if event.WhichOneof("kind") == "sign_in":
                    self.tokens.append(event.sign_in.resume_token)
                    notice = answer.events.add(session_id=event.session_id).signed_in
                    notice.resume_token = b"resume"
                    notice.activity = sessions.ACTIVITY_AVAILABLE
            await context.write(answer)


@asynccontextmanager
async def served(door: Door) -> AsyncIterator[str]:
    server = grpc.aio.server()
    rpc.add_GatewayServiceServicer_to_server(door, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


def crowd_of(count: int) -> Crowd:
    def course(_: Attempt) -> CallPlan:
        return PLAN

    seats = [Workplace(Caller(f"run-s{n}", Team("C1"), ("hi",), course), 0) for n in range(count)]
    return Crowd(seats, Tally([], "run"), InMemoryJournal(), SystemTicks())


@asynccontextmanager
async def desks_of(crowd: Crowd, address: str, token: str = TOKEN) -> AsyncIterator[GatewayDesks]:
    desks = GatewayDesks(crowd, 1, lambda: [address], SystemTicks())
    crowd.sit_at(desks)
    keeping = asyncio.ensure_future(desks.keep(token, Random(1).random))
    try:
        yield desks
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 (a real stream sets no event)
            await asyncio.sleep(0.01)


async def test_everybody_is_signed_in_with_full_frames() -> None:
    door, crowd = Door(), crowd_of(FRAME_EVENTS + 10)
    async with served(door) as address, desks_of(crowd, address):
        await eventually(lambda: crowd.bound == FRAME_EVENTS + 10)
    assert [len(frame.events) for frame in door.frames] == [FRAME_EVENTS, 10]


async def test_a_broken_stream_is_opened_again_and_resumed() -> None:
    door, crowd = Door(), crowd_of(1)
    async with served(door) as address, desks_of(crowd, address) as desks:
        await eventually(lambda: crowd.bound == 1)
        door.close.set()
        await eventually(lambda: len(door.tokens) == 2 and crowd.bound == 1)
        assert desks.breaks == 1
    assert door.tokens == [b"", b"resume"]


async def test_a_gateway_that_comes_late_is_waited_for() -> None:
    door, crowd = Door(), crowd_of(1)
    addresses = ["127.0.0.1:1"]
    desks = GatewayDesks(crowd, 1, lambda: addresses, SystemTicks())
    crowd.sit_at(desks)
    async with served(door) as address:
        keeping = asyncio.ensure_future(desks.keep(TOKEN, Random(1).random))
        await eventually(lambda: desks.breaks > 0)
        addresses[0] = address
        await eventually(lambda: crowd.bound == 1)
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


async def test_a_refused_token_ends_the_run() -> None:
    crowd = crowd_of(1)
    async with served(Door()) as address:
        desks = GatewayDesks(crowd, 1, lambda: [address], SystemTicks())
        crowd.sit_at(desks)
        with pytest.raises(ExceptionGroup) as raised:
            async with asyncio.timeout(10):
                await desks.keep("wrong", Random(1).random)
    assert raised.group_contains(PermissionError, match="login_token")

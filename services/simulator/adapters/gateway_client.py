"""Desks: one stream to a gateway each, opened again when it breaks."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import grpc

from seatline.gateway.v1 import gateway_service_pb2 as wire
from seatline.gateway.v1 import gateway_service_pb2_grpc as rpc
from services.simulator.adapters.codec import to_event, to_news
from services.simulator.domain.chance import Chance, between
from services.simulator.domain.wishes import Wish
from services.simulator.handlers.crowd import Crowd
from services.simulator.ports import Ticks

FRAME_EVENTS = 500
FRAME_GAP_S = 0.005
"""First frame at once, the next at least this much later (rule 5.2)."""
_CONNECT_S = 10.0
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 0.5
"""A gateway that died has 5 s to get its sessions back, and needs most of them to start."""
_QUEUE_MAX = 20_000
CHANNEL = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.bdp_probe", 0),
)

Call = grpc.aio.StreamStreamCall[wire.ClientFrame, wire.ServerFrame]


class DeskStalledError(Exception):
    """A gateway takes no frames any more, and its stream does not break either."""


class Desk:
    """One stream with what waits to be written on it."""

    def __init__(self, number: int, crowd: Crowd, ticks: Ticks) -> None:
        self._number = number
        self._crowd = crowd
        self._ticks = ticks
        self._waiting: deque[wire.ClientEvent] = deque()
        self._wake = asyncio.Event()
        self._up = False

    def send(self, session_id: str, wishes: Sequence[Wish]) -> None:
        """Queue wishes; on a broken stream they are dropped, as sessions say them again."""
        if not self._up:
            return
        if len(self._waiting) >= _QUEUE_MAX:
            raise DeskStalledError(
                f"desk {self._number}: {_QUEUE_MAX} wishes wait; see the log of its gateway"
            )
        self._waiting.extend(to_event(session_id, wish) for wish in wishes)
        self._wake.set()

    async def serve(self, call: Call) -> None:
        """Read and write until the stream ends.

        Raises:
            grpc.aio.AioRpcError: The stream broke.
        """
        self._waiting.clear()
        self._up = True
        self._crowd.connected(self._number)
        tasks = [asyncio.ensure_future(work(call)) for work in (self._read, self._write)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._up = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._crowd.disconnected(self._number)

    async def _read(self, call: Call) -> None:
        while isinstance(frame := await call.read(), wire.ServerFrame):
            read_ms = self._ticks.now_ms()
            for event in frame.events:
                news = to_news(event)
                if news is not None:
                    self._crowd.heard(event.session_id, news, read_ms)

    async def _write(self, call: Call) -> None:
        loop = asyncio.get_running_loop()
        next_at_s = 0.0
        while True:
            await self._wake.wait()
            if (early_s := next_at_s - loop.time()) > 0:
                await asyncio.sleep(early_s)
            next_at_s = loop.time() + FRAME_GAP_S
            count = min(len(self._waiting), FRAME_EVENTS)
            events = [self._waiting.popleft() for _ in range(count)]
            if not self._waiting:
                self._wake.clear()
            await call.write(wire.ClientFrame(events=events))


class GatewayDesks:
    """All desks of a run, each with a connection of its own, as offices have."""

    def __init__(
        self, crowd: Crowd, count: int, gateways: Callable[[], Sequence[str]], ticks: Ticks
    ) -> None:
        """Set the desks up; `keep` opens them.

        Args:
            crowd: Who sits there.
            count: How many.
            gateways: Gives the addresses, anew at each connection, never none.
            ticks: Clock of the readings.
        """
        self._desks = [Desk(number, crowd, ticks) for number in range(count)]
        self._gateways = gateways
        self.breaks = 0
        """Streams that ended before they were told to."""

    def send(self, desk: int, session_id: str, wishes: Sequence[Wish]) -> None:
        """Put wishes into the next frame of a desk; see `Desks.send`."""
        self._desks[desk].send(session_id, wishes)

    async def keep(self, token: str, chance: Chance) -> None:
        """Hold every desk's stream open until cancelled."""
        metadata = (("authorization", f"Bearer {token}"),)
        async with asyncio.TaskGroup() as group:
            for number in range(len(self._desks)):
                group.create_task(self._keep_one(number, metadata, chance))

    async def _keep_one(
        self, number: int, metadata: tuple[tuple[str, str], ...], chance: Chance
    ) -> None:
        turn, pause_s = number, _FIRST_PAUSE_S
        while True:
            gateways = self._gateways()
            address = gateways[turn % len(gateways)]
            try:
                async with grpc.aio.insecure_channel(address, options=CHANNEL) as channel:
                    call = rpc.GatewayServiceStub(channel).Connect(metadata=metadata)
                    async with asyncio.timeout(_CONNECT_S):
                        await call.wait_for_connection()
                    pause_s = _FIRST_PAUSE_S
                    await self._desks[number].serve(call)
            except grpc.aio.AioRpcError as error:
                _refuse_hopeless(address, error)
            except (TimeoutError, asyncio.InvalidStateError):
                pass  # nobody there, or the stream ended under a write: the same as a break
            self.breaks += 1
            turn += 1
            await asyncio.sleep(between(chance, 0.5, 1.5) * pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def _refuse_hopeless(address: str, error: grpc.aio.AioRpcError) -> None:
    if error.code() is grpc.StatusCode.UNAUTHENTICATED:
        raise PermissionError(f"login_token: the gateway at {address} refuses it") from error

"""The wire between a gateway's door and a desk: in order, in no time that is promised, and cut."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, NoReturn

import grpc
from grpc.aio import EOF

from seatline.gateway.v1 import gateway_service_pb2 as wire
from tests.simtest.doors import TOKEN, GatewayNode

_MEAN_MS = 5


class Call:
    """One call: the server's context, and the client's end of it."""

    def __init__(
        self,
        node: GatewayNode,
        hear: Callable[[wire.ServerFrame], None],
        broken: Callable[[], None],
    ) -> None:
        """Connect.

        Args:
            node: The gateway.
            hear: Takes a frame at the desk.
            broken: Told, once, when the desk notices that the stream is over.
        """
        self.slow_ms = 0
        """Added to each frame for now, both ways."""
        self.node = node
        self._chance = node.chance
        self._scheduler = node.scheduler
        self._hear = hear
        self._broken = broken
        self._gone = False
        """Whether the client's end is closed."""
        self._ended = False
        """Whether the server's end is."""
        self._came: deque[wire.ClientFrame] = deque()
        self._reading: asyncio.Future[None] | None = None
        self._up_ms = 0
        self._down_ms = 0
        self.task = node.carry(self)
        self.task.add_done_callback(self._served)

    # --- the client's end ------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """False once the desk has noticed the end."""
        return not self._gone

    def send(self, events: list[wire.ClientEvent]) -> None:
        """Send a frame to the gateway."""
        self._up_ms = max(self._up_ms, self._scheduler.now_ms + self._delay_ms())
        self._scheduler.at(self._up_ms, self._arrive, wire.ClientFrame(events=events))

    def cut(self, desk_notices_ms: int, server_notices_ms: int) -> None:
        """Break the stream; each end notices by itself."""
        self._scheduler.after(desk_notices_ms, self._lose)
        self._scheduler.after(server_notices_ms, self._end)

    def _lose(self) -> None:
        if not self._gone:
            self._gone = True
            self._broken()

    # --- the server's end, as `GatewayDoor.Connect` uses it --------------------------------------

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        """Return what the desk said when it called."""
        return (("authorization", f"Bearer {TOKEN}"),)

    async def read(self) -> Any:
        """Return the next frame, or the end."""
        self.node.reach("read")
        while not self._came:
            if self._ended:
                return EOF
            self._reading = asyncio.get_running_loop().create_future()
            await self._reading
        return self._came.popleft()

    async def write(self, frame: wire.ServerFrame) -> None:
        """Send a frame to the desk."""
        self.node.reach("write")
        if self._ended:
            raise grpc.aio.UsageError("the stream is over")
        self._down_ms = max(self._down_ms, self._scheduler.now_ms + self._delay_ms())
        self._scheduler.at(self._down_ms, self._deliver, frame)

    async def abort(self, code: grpc.StatusCode, why: str) -> NoReturn:
        """End the call with a status."""
        raise grpc.aio.AbortError(f"{code}: {why}")

    def _deliver(self, frame: wire.ServerFrame) -> None:
        if not self._gone:
            self._hear(frame)

    def _arrive(self, frame: wire.ClientFrame) -> None:
        if self._ended or not self.node.alive:
            return
        self._came.append(frame)
        self._wake()

    def _end(self) -> None:
        if not self._ended and self.node.alive:
            self._ended = True
            self._wake()

    def _wake(self) -> None:
        if self._reading is not None and not self._reading.done():
            self._reading.set_result(None)

    def _served(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled():
            task.exception()  # an abort: the desk hears of it by the broken stream
        self._ended = True
        self._scheduler.after(self._delay_ms(), self._lose)

    def _delay_ms(self) -> int:
        return self.slow_ms + int(self._chance.random() * 2 * _MEAN_MS)

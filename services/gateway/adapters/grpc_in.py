"""The door: one bidirectional stream a desk, with a token, limits and deadlines."""

import asyncio
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import grpc
from google.protobuf.message import DecodeError
from grpc.aio import EOF
from typing_extensions import override

from seatline.gateway.v1 import gateway_service_pb2_grpc as wire_grpc
from services.gateway.adapters.metrics import Metrics
from services.gateway.adapters.streams import DeskStream, Streams
from services.gateway.adapters.wishes_in import WishesIn

FRAME_GAP_S = 0.005
"""The first frame goes at once, the next at least this much later with what gathered."""
ABORT_DEADLINE_S = 1.0
MESSAGE_BYTES_MAX = 1_048_576

SERVER_OPTIONS = (
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    # Frames are small: pings that estimate the bandwidth would cost a tenth of what a frame does.
    ("grpc.http2.bdp_probe", 0),
    # Two gateways on one port would take each other's desks in turn.
    ("grpc.so_reuseport", 0),
)

# The library types a servicer's context without its messages.
Context = Any


@dataclass
class GatewayDoor(wire_grpc.GatewayServiceServicer):
    """Lets desks in, reads their frames, writes theirs; whatever happens, a stream ends once."""

    token: bytes
    streams: Streams
    wishes: WishesIn
    metrics: Metrics
    closed: Callable[[DeskStream], None]
    """Told of every stream that has ended."""
    failed: Callable[[Exception], None]
    """Told of what a stream cannot be blamed for."""
    not_ready: Callable[[], str]
    """Says why no new stream is taken; empty: they are."""
    streams_max: int

    @override
    async def Connect(  # type: ignore[override]  # the stub offers only the iterator style
        self, request_iterator: object, context: Context
    ) -> None:
        """Carry one desk's stream to its end."""
        del request_iterator  # `context.read` costs half as much a message
        await self._let_in(context)
        stream = self.streams.open()
        try:
            await self._carry(stream, context)
        except Exception as error:  # noqa: BLE001 (a bug, or a broken promise: it ends the process)
            self.failed(error)
            stream.close(grpc.StatusCode.UNAVAILABLE, "gateway is stopping, connect again")
        finally:
            self.streams.forget(stream)
            self.closed(stream)
        if stream.closing is not None:
            await _refuse(context, *stream.closing)

    async def _let_in(self, context: Context) -> None:
        given = dict(context.invocation_metadata() or ()).get("authorization", "")
        expected = b"Bearer " + self.token
        given_bytes = given if isinstance(given, bytes) else str(given).encode()
        if not hmac.compare_digest(given_bytes, expected):
            await _refuse(
                context,
                grpc.StatusCode.UNAUTHENTICATED,
                "the login token is missing or wrong: send metadata 'authorization: Bearer TOKEN' "
                "with the stack's login token (endpoints.json in the state folder)",
            )
        why = self.not_ready()
        if why:
            await _refuse(context, grpc.StatusCode.UNAVAILABLE, why)
        if len(self.streams) >= self.streams_max:
            await _refuse(
                context,
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                f"{self.streams_max} streams are open: carry more sessions on each stream",
            )

    async def _carry(self, stream: DeskStream, context: Context) -> None:
        tasks = {
            asyncio.create_task(self._read(stream, context)),
            asyncio.create_task(self._write(stream, context)),
            asyncio.create_task(stream.closed()),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            _ignore_broken_stream(task)

    async def _read(self, stream: DeskStream, context: Context) -> None:
        try:
            while (frame := await context.read()) is not EOF:
                self.wishes.take(stream.stream_id, frame)
        except DecodeError:
            stream.close(
                grpc.StatusCode.INVALID_ARGUMENT, "a frame is no ClientFrame: check the protocol"
            )

    async def _write(self, stream: DeskStream, context: Context) -> None:
        loop = asyncio.get_running_loop()
        next_at_s = 0.0
        while True:
            await stream.news()
            if (early_s := next_at_s - loop.time()) > 0:
                await asyncio.sleep(early_s)
            next_at_s = loop.time() + FRAME_GAP_S
            stream.writing_since_s = loop.time()
            await context.write(stream.frame())
            stream.writing_since_s = None
            self.metrics.frames_out.inc()


def _ignore_broken_stream(task: asyncio.Task[None]) -> None:
    """Raise what a task failed with, unless it is only that the client went away."""
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(
        error, (grpc.aio.BaseError, grpc.aio.UsageError, asyncio.InvalidStateError)
    ):
        raise error


async def _refuse(context: Context, code: grpc.StatusCode, why: str) -> NoReturn:
    """End the call with a status. A client that reads nothing cannot hold it up for long."""
    async with asyncio.timeout(ABORT_DEADLINE_S):
        await context.abort(code, why)
    raise AssertionError  # `abort` always raises

"""The gateway's door beside a bare echo: 225 streams in a closed loop, one event a frame.

Closed: each stream sends its next frame when the last was answered, so that the rate is what
server and client can do together; CPU a frame is the server's alone.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection

import grpc
import uvloop

from bench.figures import Figure, Row
from bench.loops.door import CENTRES, TOKEN, door, serve_echo, serve_gateway
from bench.loops.pace import Pace, apart
from bench.work import Work
from bench.world import World
from seatline.gateway.v1 import gateway_service_pb2 as wire
from seatline.gateway.v1 import gateway_service_pb2_grpc as rpc

STREAMS = 225
_SECONDS = 6.0
_METADATA = (("authorization", f"Bearer {TOKEN}"),)


def measure(world: World) -> Mapping[str, Figure]:
    """Let the real door and then the echo answer the same frames."""
    seconds = world.lasting(_SECONDS)
    real, bare = _pace(serve_gateway, seconds), _pace(serve_echo, seconds)
    return {
        "gateway": Figure(real.per_s, bare.per_s),
        "gateway_cpu": Figure(real.cpu_us, bare.cpu_us),
    }


def _pace(serve: Callable[[Connection], None], seconds: float) -> Pace:
    with door(serve) as opened:
        before_s = opened.cpu_s()
        frames, wall_s = apart(ask, opened.port, seconds)
        return Pace(frames, wall_s, opened.cpu_s() - before_s)


def ask(port: int, seconds: float) -> tuple[int, float]:
    """Keep all streams asking for so long; return the frames both ways and the seconds."""
    return uvloop.run(_ask(port, seconds))


async def _ask(port: int, seconds: float) -> tuple[int, float]:
    began_s = time.monotonic()
    until_s = began_s + seconds
    counts = await asyncio.gather(*(_stream(port, n, until_s) for n in range(STREAMS)))
    return sum(counts), time.monotonic() - began_s


async def _stream(port: int, number: int, until_s: float) -> int:
    """Sign one session in, then say that it is ready again and again; count frames both ways."""
    session_id = f"s{number}"
    wish = wire.SignInWish(centre_id=CENTRES[number % len(CENTRES)])
    sign_in = wire.ClientEvent(session_id=session_id, sign_in=wish)
    ready = wire.ClientEvent(session_id=session_id, ready=wire.ReadyWish())
    frames = 0
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = rpc.GatewayServiceStub(channel).Connect(metadata=_METADATA)
        event = sign_in
        while time.monotonic() < until_s:
            await call.write(wire.ClientFrame(events=[event]))
            if await call.read() is grpc.aio.EOF:
                break
            frames += 2
            event = ready
        call.cancel()
    return frames


GATEWAY = Work(
    "gateway_door",
    (Row("gateway", "frames/s"), Row("gateway_cpu", "us/frame")),
    20,
    measure,
)

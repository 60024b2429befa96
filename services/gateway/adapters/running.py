"""The gateway as it runs: its pulse, its readiness, and its orderly end."""

import asyncio
from dataclasses import dataclass, field

import grpc
from grpc_health.v1 import health as grpc_health
from grpc_health.v1 import health_pb2

from seatline.gateway.v1 import gateway_service_pb2 as wire
from services.gateway.adapters.commands_out import KafkaCommands
from services.gateway.adapters.metrics import Metrics
from services.gateway.adapters.streams import DeskStream, Streams
from services.gateway.domain.progress import Progress
from services.gateway.handlers import Sessions, Unsealer
from services.runtime.clock import Clock
from services.runtime.telemetry import Health, Logger

TURN_S = 0.1
"""How often time passes for what waits; nothing on the path waits for it."""
ALIVE_EVERY_MS = 1_000
_SETTLE_S = 0.02

_NAMES = ("", wire.DESCRIPTOR.services_by_name["GatewayService"].full_name)


@dataclass
class Running:
    """Turns once in a while: expiries, signs of life, readiness, gauges."""

    sessions: Sessions
    unsealer: Unsealer
    commands: KafkaCommands
    streams: Streams
    progress: Progress
    metrics: Metrics
    health: Health
    clock: Clock
    log: Logger
    door_health: grpc_health.aio.HealthServicer = field(
        default_factory=grpc_health.aio.HealthServicer
    )
    failure: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future(), init=False
    )
    draining: bool = field(default=False, init=False)
    _caught_up: bool = field(default=False, init=False)
    _alive_at_ms: int = field(default=0, init=False)

    def not_ready(self) -> str:
        """Say why no new stream is taken, with the remedy; empty when they are."""
        if self.draining:
            return "gateway is draining, connect again"
        behind = self.progress.behind(self.clock.monotonic_ms())
        if behind:
            return f"gateway has not read {behind} to the end, connect again"
        return ""

    def stream_closed(self, stream: DeskStream) -> None:
        """Report what an ended stream held, at once."""
        self.sessions.stream_closed(stream.stream_id)
        self.commands.flush()

    def failed(self, error: Exception) -> None:
        """End the process with an error that no stream can be blamed for."""
        if not self.failure.done():
            self.failure.set_exception(error)

    async def turn(self) -> None:
        """Let time pass until cancelled."""
        while True:
            self.health.beat()
            self.pulse()
            self.check_streams(asyncio.get_running_loop().time())
            await self.publish_readiness()
            await asyncio.sleep(TURN_S)

    def pulse(self) -> None:
        """Do what time alone brings about."""
        mono_ms = self.clock.monotonic_ms()
        self.unsealer.advance()
        if self._caught_up and mono_ms - self._alive_at_ms >= ALIVE_EVERY_MS:
            self._alive_at_ms = mono_ms
            for read in self.progress.facts_read():
                self.sessions.alive(*read)
        self.commands.flush()
        self.metrics.sessions.set(len(self.sessions.bindings))
        self.metrics.queue_depth.set(max(map(len, self.streams), default=0))
        self.metrics.commands_waiting.set(self.commands.waiting)

    def check_streams(self, now_s: float) -> None:
        """Close the streams whose clients do not read."""
        for stream in self.streams:
            stream.check_reading(now_s)

    async def publish_readiness(self) -> None:
        """Say over both doors whether streams are taken."""
        why = self.not_ready()
        self._caught_up = self._caught_up or not why
        if not self.health.ready("door", not why, why):
            return
        self.log.info("not ready" if why else "ready", why=why)
        status = health_pb2.HealthCheckResponse
        for name in _NAMES:
            await self.door_health.set(name, status.NOT_SERVING if why else status.SERVING)

    async def drain(self, within_s: float) -> None:
        """Close the streams with a reason and say what is left to say, within a deadline."""
        self.draining = True
        await self.publish_readiness()
        for stream in self.streams:
            stream.close(grpc.StatusCode.UNAVAILABLE, self.not_ready())
        try:
            async with asyncio.timeout(within_s):
                while self.streams or self.commands.waiting:
                    self.health.beat()
                    self.commands.flush()
                    await asyncio.sleep(_SETTLE_S)
        except TimeoutError:
            self.log.warning(
                "drained in part: the deadline passed",
                streams=len(self.streams),
                commands_not_acknowledged=self.commands.waiting,
            )

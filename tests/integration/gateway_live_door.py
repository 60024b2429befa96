"""A gateway with its threads and its socket, and a desk to try it."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import structlog
from prometheus_client import CollectorRegistry

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2, session_pb2
from seatline.gateway.v1 import gateway_service_pb2 as wire
from seatline.gateway.v1 import gateway_service_pb2_grpc as wire_grpc
from services.gateway.wiring import COMMANDS, build, open_server, run_on, starts
from services.runtime.ids import SystemIds
from services.runtime.lifecycle import Process
from services.runtime.telemetry import Health
from tests.fakes.scripted_dispatcher import (
    TOKEN,
    ScriptedDispatcher,
    sign_in_wish,
    signed_in,
)
from tests.fakes.threaded_log import ThreadedBroker, ThreadedLogReader, ThreadedLogWriter
from tests.unit.gateway.rig import PARTITIONS, settings

WITHIN_S = 20.0
SERVICE = "seatline.gateway.v1.GatewayService"


async def eventually(condition: Callable[[], object]) -> None:
    deadline = asyncio.get_running_loop().time() + WITHIN_S
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "not in time"
        await asyncio.sleep(0.01)


@dataclass
class Client:
    """A desk: sends wishes, keeps all news."""

    call: Any
    news: list[wire.ServerEvent] = field(default_factory=list)
    frames: int = 0

    async def wish(self, *events: wire.ClientEvent) -> None:
        await self.call.write(wire.ClientFrame(events=events))

    async def hears(self, kind: str) -> wire.ServerEvent:
        """Read until news of a kind comes, and return it."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                for index, event in enumerate(self.news):
                    if event.WhichOneof("kind") == kind:
                        return self.news.pop(index)
                frame = await self.call.read()
                assert frame is not grpc.aio.EOF, await self.call.details()
                self.frames += 1
                self.news.extend(frame.events)

    async def ended(self) -> tuple[grpc.StatusCode, str]:
        async with asyncio.timeout(WITHIN_S):
            return await self.call.code(), await self.call.details()


class LiveDoor:
    """A gateway with its threads and its socket, and the far end of its log."""

    def __init__(self, folder: Path, **changes: object) -> None:
        self.broker = ThreadedBroker()
        self.dispatcher = ScriptedDispatcher(self.broker.append)
        self.writer = ThreadedLogWriter(self.broker)
        self.settings = settings(folder, **changes)
        clock = self.broker.clock
        self.registry = CollectorRegistry()
        self.process = Process(
            "gateway-0", structlog.get_logger(), Health(clock), self.registry, clock
        )
        self.gateway = build(self.settings, self.process, self.writer, SystemIds(), {})
        self.channels = AsyncExitStack()
        self.answered = 0

    async def __aenter__(self) -> "LiveDoor":
        reader = ThreadedLogReader(self.broker)
        reader.assign(starts(PARTITIONS))
        self.server, self.port = await open_server(self.gateway, 0)
        self.main = asyncio.create_task(
            run_on(self.gateway, reader, self.writer, self.process, drain_s=3.0)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self.process.stop.ask("end of test")
        async with asyncio.timeout(WITHIN_S):
            await asyncio.gather(self.main, return_exceptions=True)
        await self.channels.aclose()
        await self.server.stop(0)

    async def ready(self) -> "LiveDoor":
        self.dispatcher.publish_map({"C001": 0, "C002": 1})
        self.dispatcher.write(0)
        await eventually(lambda: not self.gateway.running.not_ready())
        return self

    async def channel(self) -> grpc.aio.Channel:
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{self.port}")
        return await self.channels.enter_async_context(channel)

    async def client(self, token: str | None = TOKEN) -> Client:
        stub = wire_grpc.GatewayServiceStub(await self.channel())
        metadata = [("authorization", f"Bearer {token}")] if token is not None else []
        return Client(stub.Connect(metadata=metadata))

    def commands(self, kind: str, partition: int = 0) -> list[Any]:
        records = self.broker.records((COMMANDS, partition))
        return [
            getattr(command, kind)
            for record in records
            for command in commands_pb2.CommandRecord.FromString(record.value).commands
            if command.HasField(kind)
        ]

    async def said(self, kind: str, count: int = 1) -> Any:
        await eventually(lambda: len(self.commands(kind)) >= count)
        return self.commands(kind)[count - 1]

    async def bound(self, client: Client, session_id: str = "S-1") -> session_pb2.SignedIn:
        self.answered += 1
        await client.wish(sign_in_wish(session_id))
        command = await self.said("sign_in", self.answered)
        fact = signed_in(command, self.gateway.running.sessions.boot_id, self.answered)
        self.dispatcher.write(0, facts_pb2.Fact(signed_in=fact))
        await client.hears("signed_in")
        return fact

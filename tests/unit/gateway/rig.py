"""A whole gateway on the in-memory log, driven step by step: no socket, no thread, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2, session_pb2
from seatline.gateway.v1 import gateway_service_pb2 as wire
from services.gateway.adapters.log_in import header_of
from services.gateway.adapters.streams import DeskStream
from services.gateway.settings import GatewaySettings
from services.gateway.wiring import COMMANDS, FACTS, build, starts
from services.runtime.fenced_log.from_snapshots import FromSnapshots
from services.runtime.fenced_log.header import FencePoint
from services.runtime.lifecycle import Process
from services.runtime.log_port import Arrived, LogReader
from services.runtime.telemetry import Health
from tests.fakes.gateway import CountingIds
from tests.fakes.log import FakeClock, InMemoryBroker, InMemoryLogReader, InMemoryLogWriter
from tests.fakes.scripted_dispatcher import KEY, TOKEN, ScriptedDispatcher, sign_in_wish, signed_in

PARTITIONS = 2


def settings(folder: Path, **changes: object) -> GatewaySettings:
    (folder / "key").write_bytes(KEY)
    (folder / "token").write_text(TOKEN + "\n")
    values = {
        "kafka": "127.0.0.1:1",
        "state": folder,
        "slot": "gateway-0",
        "partitions": PARTITIONS,
        "http_port": 1,
        "grpc_port": 1,
        "key_file": folder / "key",
        "token_file": folder / "token",
    }
    return GatewaySettings.model_validate(values | changes)


@dataclass
class Rig:
    """The gateway, the log around it, and a dispatcher that does what the test says."""

    settings: GatewaySettings
    window: int = 0
    """How many of the last facts are searched for a snapshot; 0: facts are read from the start."""
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.broker = InMemoryBroker(self.clock)
        self.source = InMemoryLogReader(self.broker)
        self.reader: LogReader = self.source
        points: Mapping[int, FencePoint] = {}
        if self.window:
            self.reader = source = FromSnapshots(self.source, FACTS, header_of, self.window)
            points = source.points
        self.reader.assign(starts(PARTITIONS))
        self.writer = InMemoryLogWriter(self.broker)
        self.registry = CollectorRegistry()
        log = structlog.get_logger()
        process = Process("gateway-0", log, Health(self.clock), self.registry, self.clock)
        self.gateway = build(self.settings, process, self.writer, CountingIds(), points)
        self.dispatcher = ScriptedDispatcher(self.broker.append)
        self.running = self.gateway.running
        self.sessions = self.running.sessions
        self.told: dict[int, list[wire.ServerEvent]] = {}
        self._commands_read = [0] * PARTITIONS

    def read(self) -> None:
        """Let the gateway read what the log has, without acknowledging what it sends."""
        arrived: list[Arrived] = self.reader.poll(0)
        ends = [
            (tp, end.asked_at_ms)
            for tp, end in self.reader.ends().items()
            if self.reader.at_end(tp, 1_000)
        ]
        self.gateway.log_in.take(arrived, ends)
        self.running.commands.flush()

    def acknowledge(self) -> None:
        self.writer.serve()
        self.running.commands.settle()

    def step(self) -> None:
        self.read()
        self.acknowledge()

    def stream(self) -> DeskStream:
        return self.running.streams.open()

    def wish(self, stream: DeskStream, *events: wire.ClientEvent) -> None:
        self.gateway.door.wishes.take(stream.stream_id, wire.ClientFrame(events=events))
        self.running.commands.flush()  # as if the gap were over

    async def news(self, stream: DeskStream) -> list[wire.ServerEvent]:
        return list(stream.frame().events) if len(stream) else []

    def commands(self, partition: int = 0) -> list[commands_pb2.Command]:
        """Return what was appended since the last look."""
        records = self.broker.records((COMMANDS, partition))[self._commands_read[partition] :]
        self._commands_read[partition] += len(records)
        return [
            command
            for record in records
            for command in commands_pb2.CommandRecord.FromString(record.value).commands
        ]

    def fact(self, *facts: facts_pb2.Fact, partition: int = 0) -> None:
        self.dispatcher.write(partition, *facts)

    def bound(
        self, stream: DeskStream, session_id: str = "S-1", generation: int = 1
    ) -> session_pb2.SignedIn:
        """Sign a session in on a stream, its fact read."""
        self.wish(stream, sign_in_wish(session_id))
        self.acknowledge()
        command = self.commands()[-1].sign_in
        fact = signed_in(command, self.sessions.boot_id, generation)
        self.fact(facts_pb2.Fact(signed_in=fact))
        self.step()
        return fact

    def count(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0


async def caught_up(folder: Path, **changes: object) -> Rig:
    """Return a rig that has read its map and is at the end of everything."""
    rig = Rig(settings(folder, **changes))
    rig.dispatcher.publish_map({"C001": 0, "C002": 1})
    rig.fact()
    rig.step()
    return rig

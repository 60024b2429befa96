"""Servers of the gateway's door, in a process of their own: the real one, and a bare echo.

The real one has its threads, its codec and its rules; only the broker is looped back within the
process, by a dispatcher that grants everything.
"""

import asyncio
import multiprocessing
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import grpc
import uvloop
from grpc.aio import EOF
from prometheus_client import CollectorRegistry
from typing_extensions import override

from bench.world import WorldError
from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2, session_pb2
from seatline.gateway.v1 import gateway_service_pb2 as wire
from seatline.gateway.v1 import gateway_service_pb2_grpc as rpc
from seatline.map.v1 import map_pb2
from services.gateway.adapters.grpc_in import SERVER_OPTIONS
from services.gateway.settings import GatewaySettings
from services.gateway.wiring import COMMANDS, FACTS, MAP, build, open_server, run_on, starts
from services.runtime.clock import SystemClock
from services.runtime.fenced_log.header import Fence, FencePoint, Header, to_proto
from services.runtime.ids import SystemIds
from services.runtime.lifecycle import Process
from services.runtime.log_port import Arrived, End, SendError, Sent, TopicPartition
from services.runtime.telemetry import Health, configure_logs
from services.stack.identity import DEFAULT_PARTITIONS as PARTITIONS

TOKEN = "of-the-bench"  # noqa: S105 (opens nothing but the bench's own door)
CENTRES = tuple(f"C{number:03d}" for number in range(8))
"""Several for each partition."""
_OWNER = b"bench-dispatcher"
_STARTS_WITHIN_S = 30.0
_LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Door:
    """A server in another process."""

    port: int
    cpu_s: Callable[[], float]
    """Asks what that process has spent so far."""


@contextmanager
def door(serve: Callable[[Connection], None]) -> Iterator[Door]:
    """Have a server in a process of its own for as long as the block goes on.

    Raises:
        WorldError: It does not start.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(there,), daemon=True)
    process.start()
    try:
        if not here.poll(_STARTS_WITHIN_S):
            raise WorldError("a door did not open in time")
        port = int(here.recv())

        def cpu_s() -> float:
            here.send("cpu")
            return float(here.recv())

        yield Door(port, cpu_s)
    finally:
        here.send("stop")
        process.join(10)
        if process.is_alive():
            process.kill()


def serve_gateway(told: Connection) -> None:
    """Serve the real door until told to stop."""
    uvloop.run(_gateway(told))


def serve_echo(told: Connection) -> None:
    """Answer each frame with one frame of one event until told to stop."""
    uvloop.run(_echo(told))


async def _gateway(told: Connection) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = _settings(Path(folder))
        clock = SystemClock()
        log = LoopedLog(clock)
        quiet = configure_logs("gateway-0", "error")
        process = Process("gateway-0", quiet, Health(clock), CollectorRegistry(), clock)
        gateway = build(settings, process, log, SystemIds(), {})
        log.assign(starts(PARTITIONS))
        server, port = await open_server(gateway, 0)
        running = asyncio.create_task(run_on(gateway, log, log, process, drain_s=1.0))
        while gateway.running.not_ready():  # noqa: ASYNC110 - it can be asked, it tells nobody
            await asyncio.sleep(_LOOK_EVERY_S)
        await _answer(told, port)
        process.stop.ask("measured")
        await running
        await server.stop(0)


async def _echo(told: Connection) -> None:
    server = grpc.aio.server(options=SERVER_OPTIONS)
    rpc.add_GatewayServiceServicer_to_server(_Echo(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    await _answer(told, port)
    await server.stop(0)


async def _answer(told: Connection, port: int) -> None:
    told.send(port)
    while await asyncio.to_thread(told.recv) != "stop":
        told.send(time.process_time())


class _Echo(rpc.GatewayServiceServicer):
    """The least that a bidirectional stream can do."""

    @override
    async def Connect(  # type: ignore[override]  # the stub offers only the iterator style
        self, request_iterator: object, context: Any
    ) -> None:
        del request_iterator
        while (frame := await context.read()) is not EOF:
            event = wire.ServerEvent(session_id=frame.events[0].session_id)
            event.activity.activity = session_pb2.ACTIVITY_AVAILABLE
            await context.write(wire.ServerFrame(events=[event]))


class LoopedLog:
    """Both ends of the log, in memory; what is commanded comes back as a fact."""

    def __init__(self, clock: SystemClock) -> None:
        self._clock = clock
        self._sent: deque[tuple[TopicPartition, bytes, Callable[[Sent | SendError], None]]] = (
            deque()
        )
        self._arrived: deque[Arrived] = deque()
        self._next: dict[TopicPartition, int] = {}
        self._sending, self._arriving = threading.Event(), threading.Event()
        self._nonces: dict[str, bytes] = {}

    # --- the reader's end, for its thread --------------------------------------------------------

    def assign(self, starts: Mapping[TopicPartition, int]) -> None:
        """Begin with a map and with the fence of every partition of facts."""
        self._next = dict.fromkeys(starts, 0)
        seat_map = map_pb2.MapRecord()
        seat_map.seat_map.version = 1
        for number, centre_id in enumerate(CENTRES):
            seat_map.seat_map.centres.add(centre_id=centre_id, partition=number % PARTITIONS)
        self._append((MAP, 0), seat_map.SerializeToString())
        for number in range(PARTITIONS):
            self._decide(number, (), Fence("dispatcher-0"))

    def seek(self, tp: TopicPartition, offset: int) -> None:
        """Do nothing: nobody asks for it here."""

    def pause(self, tps: Collection[TopicPartition]) -> None:
        """Do nothing: nobody asks for it here."""

    def resume(self, tps: Collection[TopicPartition]) -> None:
        """Do nothing: nobody asks for it here."""

    def poll(self, timeout_s: float) -> list[Arrived]:
        """Return what arrived, waiting for the first."""
        if not self._arrived:
            self._arriving.wait(timeout_s)
        self._arriving.clear()
        return [self._arrived.popleft() for _ in range(min(500, len(self._arrived)))]

    def ends(self) -> Mapping[TopicPartition, End]:
        """Return the ends as known just now."""
        now_ms = self._clock.monotonic_ms()
        return {tp: End(offset, now_ms, now_ms) for tp, offset in self._next.items()}

    def at_end(self, tp: TopicPartition, within_ms: int) -> bool:
        """Tell that all was returned: nothing lies here for long."""
        del tp, within_ms
        return True

    def close(self) -> None:
        """Do nothing: there is no connection."""

    # --- the writer's end, sent to in the loop and served by a thread ----------------------------

    def send(
        self,
        tp: TopicPartition,
        value: bytes,
        done: Callable[[Sent | SendError], None],
        key: bytes | None = None,
    ) -> None:
        """Take a record of commands."""
        del key
        self._sent.append((tp, value, done))
        self._sending.set()

    def serve(self, timeout_s: float = 0.0) -> None:
        """Acknowledge what was sent, and decide it."""
        self._sending.wait(timeout_s)
        self._sending.clear()
        while self._sent:
            tp, value, done = self._sent.popleft()
            done(Sent(*tp, 0, self._clock.wall_ms()))
            if tp[0] == COMMANDS:
                self._grant(tp[1], value)

    def flush(self, timeout_s: float) -> int:
        """Settle everything."""
        del timeout_s
        self.serve()
        return 0

    def _grant(self, partition: int, value: bytes) -> None:
        record = commands_pb2.CommandRecord.FromString(value)
        facts = [fact for c in record.commands if (fact := self._fact(c, record.boot_id))]
        if facts:
            self._decide(partition, facts)

    def _fact(self, command: commands_pb2.Command, boot_id: bytes) -> facts_pb2.Fact | None:
        match command.WhichOneof("kind"):
            case "sign_in":
                asked = command.sign_in
                self._nonces[asked.session_id] = asked.nonce
                signed_in = session_pb2.SignedIn(
                    session_id=asked.session_id,
                    centre_id=asked.centre_id,
                    generation=1,
                    boot_id=boot_id,
                    nonce=asked.nonce,
                    activity=session_pb2.ACTIVITY_AVAILABLE,
                )
                return facts_pb2.Fact(signed_in=signed_in)
            case "make_available":
                session_id = command.make_available.session_id
                available = session_pb2.SessionAvailable(
                    session_id=session_id, nonce=self._nonces[session_id]
                )
                return facts_pb2.Fact(session_available=available)
            case _:
                return None

    def _decide(
        self, partition: int, facts: Collection[facts_pb2.Fact], control: Fence | None = None
    ) -> None:
        tp = (FACTS, partition)
        # The seq of a record is its offset, as this owner is the only one there ever was.
        header = Header(FencePoint(1, _OWNER, self._next[tp]), 0, control=control)
        record = facts_pb2.FactRecord(header=to_proto(header), facts=facts)
        self._append(tp, record.SerializeToString())

    def _append(self, tp: TopicPartition, value: bytes) -> None:
        offset = self._next[tp]
        self._next[tp] = offset + 1
        self._arrived.append(Arrived(*tp, offset, self._clock.wall_ms(), value))
        self._arriving.set()


def _settings(folder: Path) -> GatewaySettings:
    key, token = folder / "key", folder / "token"
    key.write_bytes(bytes(32))
    token.write_text(TOKEN)
    return GatewaySettings.model_validate(
        {
            "kafka": "127.0.0.1:1",
            "state": folder,
            "slot": "gateway-0",
            "partitions": PARTITIONS,
            "http_port": 1,
            "grpc_port": 1,
            "key_file": key,
            "token_file": token,
        }
    )

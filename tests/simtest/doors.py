"""Gateways as processes: the real one, from its loop to its door, without sockets and threads."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from typing_extensions import override

from services.gateway.adapters.commands_out import KafkaCommands
from services.gateway.adapters.kafka_threads import KafkaThreads, Take
from services.gateway.adapters.log_in import header_of
from services.gateway.domain.values import Nonce
from services.gateway.settings import GatewaySettings
from services.gateway.wiring import FACTS, Gateway, build, run_on, starts
from services.runtime.fenced_log.from_snapshots import FromSnapshots
from services.runtime.log_port import LogReader, LogWriter
from tests.simtest.async_node import AsyncNode
from tests.simtest.deciders import PARTITIONS, SNAPSHOT_EVERY, Doubles
from tests.simtest.log import SimulatedBroker, SimulatedLogReader, SimulatedLogWriter
from tests.simtest.node import CrashedError

KEY = bytes(range(32))
TOKEN = "simulated"  # noqa: S105 (opens a door that is not there)
_POLL_MS = (150, 350)


def write_secrets(folder: Path) -> GatewaySettings:
    """Write the two files that a gateway reads, and return its settings."""
    (folder / "key").write_bytes(KEY)
    (folder / "token").write_text(TOKEN + "\n")
    return GatewaySettings.model_validate(
        {
            "kafka": "127.0.0.1:1",
            "state": folder,
            "slot": "gateway-0",
            "partitions": PARTITIONS,
            "http_port": 1,
            "grpc_port": 1,
            "key_file": folder / "key",
            "token_file": folder / "token",
        }
    )


class ThreadsOfNode(KafkaThreads):
    """The two threads as wake-ups of the node: a step does what a thread does in one round."""

    def __init__(self, node: "GatewayNode", reader: LogReader, writer: LogWriter, take: Take):
        super().__init__(reader, writer, take)
        self._node = node

    @override
    def start(self, settle: Callable[[], None], has_settled: Callable[[], bool]) -> None:
        self._settle, self._has_settled = settle, has_settled
        self._node.threads = self

    @override
    async def stop(self, within_s: float) -> None:
        self._stop.set()
        self._failed.cancel()
        self._reader.close()

    def read_once(self) -> None:
        """Do one round of the reading thread."""
        if self._stop.is_set() or not self._room.acquire(blocking=False):
            return
        try:
            batch = self.next_batch()
            if batch is None:
                self._room.release()
            else:
                self._post(self._hand_over, *batch)
        except Exception as error:  # noqa: BLE001 (raised again by `failed`)
            self._post(self._fail, error)

    def serve_once(self) -> None:
        """Do one round of the thread that serves acknowledgements."""
        if self._stop.is_set():
            return
        try:
            self._writer.serve()
            if self._has_settled():
                self._post(self._guarded, self._settle)
        except Exception as error:  # noqa: BLE001 (raised again by `failed`)
            self._post(self._fail, error)


class GatewayNode(AsyncNode):
    """One gateway, one life long."""

    gateway: Gateway
    threads: ThreadsOfNode | None = None
    mute_until_ms = 0
    """Until then it says of no stream that it has ended."""
    withdrawals_read = 0
    """Records of suppressions that it has taken in."""

    def open(self, broker: SimulatedBroker, doubles: Doubles, settings: GatewaySettings) -> None:
        """Put the gateway together and let it run."""
        self.begin_loop()
        self.reader = SimulatedLogReader(broker, self, self.wake_at)
        self.writer = SimulatedLogWriter(broker, self, self.wake_at)
        process = self.process()
        self.loop.run(lambda: self._open(settings, process, doubles), lambda: "build")

    def _open(self, settings: GatewaySettings, process: Any, doubles: Doubles) -> None:
        reader = FromSnapshots(self.reader, FACTS, header_of, 2 * SNAPSHOT_EVERY)
        self.gateway = build(settings, process, self.writer, self.ids, reader.points)
        self._mute(self.gateway.running.commands)
        doubles.gateway(self.gateway)
        reader.assign(starts(PARTITIONS))
        running = run_on(
            self.gateway,
            reader,
            self.writer,
            process,
            settings.drain_s,
            lambda reader, writer, take: ThreadsOfNode(self, reader, writer, take),
        )
        self.live(running)
        self.wake_at(self.scheduler.now_ms)

    def _mute(self, commands: KafkaCommands) -> None:
        """Let a fault keep the gateway from saying which streams it has lost."""
        lost = commands.stream_lost

        def stream_lost(partition: int, nonces: Sequence[Nonce]) -> None:
            if self.scheduler.now_ms >= self.mute_until_ms:
                lost(partition, nonces)

        commands.stream_lost = stream_lost  # type: ignore[method-assign]

    @override
    def turn(self) -> None:
        self.busy = True
        try:
            threads = self.threads
            if threads is not None:
                if self.writer.settled:
                    threads.serve_once()
                threads.read_once()
        except CrashedError:
            return
        finally:
            self.busy = False
        self.wake_at(self.scheduler.now_ms + self.chance.randrange(*_POLL_MS))

    def carry(self, context: Any) -> asyncio.Task[Any]:
        """Let a desk in, as the server does with each call."""
        return self.loop.create_task(self.gateway.door.Connect(None, context))

"""Put a gateway together from its settings, run it, take it apart."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from seatline.gateway.v1 import gateway_service_pb2 as wire
from seatline.gateway.v1 import gateway_service_pb2_grpc as wire_grpc
from services.gateway.adapters.commands_out import KafkaCommands
from services.gateway.adapters.grpc_in import SERVER_OPTIONS, GatewayDoor
from services.gateway.adapters.kafka_threads import KafkaThreads, Take
from services.gateway.adapters.log_in import LogIn, OrderReader, header_of
from services.gateway.adapters.metrics import Metrics
from services.gateway.adapters.orders_in import OrdersIn
from services.gateway.adapters.persons import SealedPersons
from services.gateway.adapters.running import Running
from services.gateway.adapters.streams import Streams
from services.gateway.adapters.wishes_in import WishesIn
from services.gateway.domain.bindings import Bindings
from services.gateway.domain.progress import Progress
from services.gateway.domain.prohibitions import Prohibitions
from services.gateway.domain.values import BOOT_ID_BYTES
from services.gateway.handlers import Sessions, Unsealer
from services.gateway.settings import GatewaySettings
from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.from_snapshots import FromSnapshots
from services.runtime.fenced_log.header import FencePoint
from services.runtime.ids import Ids, SystemIds
from services.runtime.kafka_log import KafkaLogReader, KafkaLogWriter
from services.runtime.kafka_wait import wait_for_topics
from services.runtime.lifecycle import Process
from services.runtime.log_port import START, LogReader, LogWriter, TopicPartition
from services.runtime.sealing import Sealer

FACTS = "seatline.facts.v1"
COMMANDS = "seatline.commands.v1"
MAP = "seatline.map.v1"
SUPPRESSIONS = "seatline.suppressions.v1"

_SERVER_GRACE_S = 0.5
_THREADS_S = 2.0


@dataclass
class Gateway:
    """A gateway put together: everything but the threads and the socket."""

    running: Running
    log_in: LogIn
    door: GatewayDoor


def starts(partitions: int) -> dict[TopicPartition, int]:
    """Return what a gateway reads: orders whole, facts from their newest snapshots on."""
    facts = {(FACTS, partition): START for partition in range(partitions)}
    return facts | {(MAP, 0): START, (SUPPRESSIONS, 0): START}


def build(
    settings: GatewaySettings,
    process: Process,
    writer: LogWriter,
    ids: Ids,
    points: Mapping[int, FencePoint],
) -> Gateway:
    """Put a gateway together; call inside its loop.

    Args:
        settings: Its settings.
        process: The process around it.
        writer: The log that commands go to.
        ids: Draws the boot id and the nonces.
        points: See `FromSnapshots.points`.
    """
    metrics = Metrics(process.registry)
    boot_id = ids.draw(BOOT_ID_BYTES)
    bindings, prohibitions = Bindings(), Prohibitions()
    centres: dict[str, int] = {}
    reads = starts(settings.partitions)
    progress = Progress(
        [tp for tp in reads if tp[0] == FACTS], [tp for tp in reads if tp[0] != FACTS]
    )
    streams = Streams(settings.stream_queue_max, metrics)
    commands = KafkaCommands(
        writer, COMMANDS, settings.partitions, boot_id, settings.commands_waiting_max, metrics
    )
    persons = SealedPersons(Sealer.from_file(settings.key_file))
    clock = process.clock
    unsealer = Unsealer(progress, prohibitions, commands, streams, persons, metrics, clock)
    sessions = Sessions(
        bindings,
        centres,
        boot_id,
        commands,
        streams,
        unsealer,
        ids,
        settings.stream_sessions_max,
    )
    orders = OrdersIn(centres, prohibitions)
    readers: dict[str, OrderReader] = {
        MAP: orders.map_record,
        SUPPRESSIONS: orders.withdrawal,
    }
    log_in = LogIn(FACTS, readers, sessions, unsealer, streams, progress, metrics, clock, points)
    running = Running(
        sessions,
        unsealer,
        commands,
        streams,
        progress,
        metrics,
        process.health,
        clock,
        process.log,
    )
    door = GatewayDoor(
        token=settings.token_file.read_text(encoding="ascii").strip().encode(),
        streams=streams,
        wishes=WishesIn(sessions, commands, streams, metrics),
        metrics=metrics,
        closed=running.stream_closed,
        failed=running.failed,
        not_ready=running.not_ready,
        streams_max=settings.streams_max,
    )
    return Gateway(running, log_in, door)


async def open_server(gateway: Gateway, port: int) -> tuple[grpc.aio.Server, int]:
    """Return a started server on loopback (door, health, reflection) and its port; 0 picks one.

    Raises:
        PromiseBrokenError: The port is taken.
    """
    server = grpc.aio.server(options=SERVER_OPTIONS)
    wire_grpc.add_GatewayServiceServicer_to_server(gateway.door, server)
    health_pb2_grpc.add_HealthServicer_to_server(gateway.running.door_health, server)
    names = (
        wire.DESCRIPTOR.services_by_name["GatewayService"].full_name,
        health_pb2.DESCRIPTOR.services_by_name["Health"].full_name,
        reflection.SERVICE_NAME,
    )
    reflection.enable_server_reflection(names, server)
    try:
        port = server.add_insecure_port(f"127.0.0.1:{port}")
    except RuntimeError:
        raise PromiseBrokenError(
            f"port {port} is taken: end its owner, or correct SEATLINE_GRPC_PORT"
        ) from None
    await server.start()
    return server, port


async def run_on(
    gateway: Gateway,
    reader: LogReader,
    writer: LogWriter,
    process: Process,
    drain_s: float,
    make_threads: Callable[[LogReader, LogWriter, Take], KafkaThreads] = KafkaThreads,
) -> None:
    """Read, serve and turn until the process is asked to stop, then drain.

    Args:
        gateway: Put together by `build`, in this loop.
        reader: Told what to read.
        writer: The one that `build` was given.
        process: The process around.
        drain_s: Deadline of the orderly stop.
        make_threads: What stands between broker and loop; a simulation has no threads.

    Raises:
        PromiseBrokenError: From the log or a thread; the process ends.
    """
    running = gateway.running
    threads = make_threads(reader, writer, gateway.log_in.take)
    threads.start(running.commands.settle, lambda: running.commands.has_settled)
    process.started()
    tasks = [
        asyncio.ensure_future(waits)
        for waits in (
            process.stop.wait_async(),
            threads.failed(),
            asyncio.shield(running.failure),
            running.turn(),
        )
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        await running.drain(drain_s)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await threads.stop(_THREADS_S)


async def serve(settings: GatewaySettings, process: Process) -> None:
    """Run a gateway on the real broker until it is asked to stop."""
    reader = FromSnapshots(
        KafkaLogReader(settings.kafka, settings.slot, process.clock), FACTS, header_of
    )
    writer = KafkaLogWriter(settings.kafka, settings.slot)
    gateway = build(settings, process, writer, SystemIds(), reader.points)
    await gateway.running.publish_readiness()
    server, _ = await open_server(gateway, settings.grpc_port)
    try:
        reads = starts(settings.partitions)
        topics = {topic: settings.partitions if topic == FACTS else 1 for topic, _ in reads}
        topics[COMMANDS] = settings.partitions
        found = await asyncio.to_thread(wait_for_topics, settings.kafka, topics, process)
        if found:
            reader.assign(reads)
            await run_on(gateway, reader, writer, process, settings.drain_s)
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await server.stop(_SERVER_GRACE_S)

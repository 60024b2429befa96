"""The gateway without what it knows: frames to commands, facts to frames."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import grpc
import uvloop
from grpc.aio import EOF

from bench.bare_path.frames import METHOD, STREAM, Frames
from bench.bare_path.setting import Setting
from bench.bare_path.wire import Step, decode, encode
from bench.loops.lanes import Lanes
from services.gateway.adapters.commands_out import FLUSH_GAP_S
from services.gateway.adapters.grpc_in import SERVER_OPTIONS
from services.gateway.adapters.kafka_threads import BATCHES_MAX, POLL_S
from services.runtime.kafka_log import KafkaLogReader, KafkaLogWriter
from services.runtime.log_port import START, Arrived

COMMANDS: Mapping[int, Step] = {
    Step.WISH_ACCEPT: Step.ACCEPT,
    Step.WISH_HANG_UP: Step.HANG_UP,
    Step.WISH_OUTCOME: Step.OUTCOME,
}
NEWS: Mapping[int, Step] = {
    Step.OFFERED: Step.SHOWN_OFFER,
    Step.DIAL_STARTED: Step.SHOWN_ON_CALL,
    Step.CALL_ENDED: Step.SHOWN_WRAP_UP,
    Step.ENDED: Step.SHOWN_SAVED,
}


class Gateway:
    """One thread reads facts, one serves acknowledgements, all else is of the loop."""

    def __init__(self, setting: Setting) -> None:
        self._facts = setting.logs.facts
        self._reader = KafkaLogReader(setting.bootstrap, "bare-gateway")
        self._writer = KafkaLogWriter(setting.bootstrap, "bare-gateway")
        self._settled: deque[int] = deque()
        commands = setting.logs.commands
        self._commands = Lanes(
            self._writer, commands.topic, bytes(commands.header), self._settled.append
        )
        self._desks = [Frames() for _ in range(setting.load.streams)]
        self._loop = asyncio.get_running_loop()
        self._room = threading.Semaphore(BATCHES_MAX)
        self._flushing: asyncio.TimerHandle | None = None
        self._flushed_at_s = 0.0
        partitions = range(setting.load.partitions)
        self._reader.assign({(self._facts.topic, n): START for n in partitions})

    def start(self) -> None:
        """Start both threads; they end with the process."""
        for body in (self._read, self._serve):
            threading.Thread(target=body, daemon=True).start()

    async def connect(self, _requests: object, context: Any) -> None:
        """Carry a desk's stream to its end."""
        desk = self._desks[int(dict(context.invocation_metadata())[STREAM])]
        tasks = [
            asyncio.ensure_future(self._hear(context)),
            asyncio.ensure_future(desk.write(context.write)),
        ]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- from the desks --------------------------------------------------------------------------

    async def _hear(self, context: Any) -> None:
        while (frame := await context.read()) is not EOF:
            for wish in decode(frame):
                self._commands.add(wish.floor, encode(COMMANDS[wish.step], wish))
            self._flush_soon()

    def _flush_soon(self) -> None:
        if self._flushing is None:
            at_s = self._flushed_at_s + FLUSH_GAP_S
            self._flushing = self._loop.call_at(at_s, self._flush)

    def _flush(self) -> None:
        self._flushing = None
        self._flushed_at_s = self._loop.time()
        self._commands.send()

    # --- from the log ----------------------------------------------------------------------------

    def _take(self, batch: Sequence[Arrived]) -> None:
        self._room.release()
        for arrived in batch:
            for fact in decode(arrived.value, self._facts.header):
                if fact.step == Step.CONFIRMED:
                    self._commands.add(fact.floor, encode(Step.UNSEALING, fact))
                    self._flush_soon()
                elif fact.step in NEWS:
                    self._desks[fact.stream].put(encode(NEWS[fact.step], fact))

    def _settle(self) -> None:
        """Show the numbers whose unsealing is in the log, then send what gathered meanwhile."""
        while self._settled:
            for entry in self._commands.settle(self._settled.popleft()):
                for command in decode(entry):
                    if command.step == Step.UNSEALING:
                        self._desks[command.stream].put(encode(Step.SHOWN_NUMBER, command))
        self._commands.send()

    # --- the threads -----------------------------------------------------------------------------

    def _read(self) -> None:
        while True:
            batch = self._reader.poll(POLL_S)
            if batch:
                self._room.acquire()
                self._post(partial(self._take, batch))

    def _serve(self) -> None:
        while True:
            self._writer.serve(POLL_S)
            if self._settled:
                self._post(self._settle)

    def _post(self, call: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(call)


def serve(setting: Setting, told: Connection) -> None:
    """Be the gateway; tells its port."""
    uvloop.run(_serve(setting, told))


async def _serve(setting: Setting, told: Connection) -> None:
    gateway = Gateway(setting)
    server = grpc.aio.server(options=SERVER_OPTIONS)
    service, _, method = METHOD.removeprefix("/").partition("/")
    # Without a serializer the library hands bytes through.
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_stream_rpc_method_handler(
        gateway.connect
    )
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {method: handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    gateway.start()
    told.send(port)
    await asyncio.to_thread(told.recv)
    await server.stop(0)

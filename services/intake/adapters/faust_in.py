"""Read the foreign topic with a Faust agent and hand on what gathered, batch by batch.

The agent only queues events, unacknowledged. One task takes what gathered while the last batch was
being sent, handles it and then acknowledges it in order: so an offset is committed only after all
before it were sent on, whatever happens in between.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import cast

import faust
from aiokafka.errors import KafkaError
from faust.types import EventT, StreamT

from services.intake.adapters.codec import INTAKE_TOPIC
from services.intake.adapters.hardening import harden
from services.intake.domain.values import ForeignRecord
from services.runtime.errors import PromiseBrokenError

BATCH_RECORDS_MAX = 500
BATCH_BYTES_MAX = 256_000
FINISH_LIMIT_S = 5.0
STOP_LIMIT_S = 10.0

Handle = Callable[[Sequence[ForeignRecord]], Awaitable[None]]


class FaustIntake:
    """The worker: an app with one agent, and the task that handles what it reads."""

    def __init__(self, app: faust.App, handle: Handle) -> None:
        """Prepare an app that has not started.

        Args:
            app: The app; it gets its agent and its hardening here.
            handle: Returns once a batch may count as read; what it raises ends the worker.
        """
        self._app = app
        self._handle = handle
        self._gathering: asyncio.Queue[EventT[bytes]] = asyncio.Queue(BATCH_RECORDS_MAX)
        self._handling = asyncio.Lock()
        self._pump_task: asyncio.Task[None]
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        harden(app, self._fail)
        topic = app.topic(INTAKE_TOPIC, value_type=bytes, value_serializer="raw")
        app.agent(topic, concurrency=1, name="intake")(self._gather)

    async def start(self) -> None:
        """Begin to read.

        Raises:
            PromiseBrokenError: The broker went away meanwhile.
        """
        self._app.loop = asyncio.get_running_loop()
        self._pump_task = asyncio.create_task(self._pump(), name="intake pump")
        self._pump_task.add_done_callback(self._pump_ended)
        try:
            await self._app.start()
        except (ConnectionError, KafkaError) as error:
            raise PromiseBrokenError("Kafka went away while intake started") from error

    async def stop(self) -> bool:
        """Finish the batch in hand, commit, stop; tell whether that was done in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FINISH_LIMIT_S), self._handling:
                self._pump_task.cancel()
        self._pump_task.cancel()
        # Not cancelled at the limit: while its broker is away Faust swallows that and goes on.
        stopping = asyncio.create_task(self._app.stop(), name="intake stop")
        done, _ = await asyncio.wait({stopping}, timeout=STOP_LIMIT_S)
        return bool(done)

    @property
    def is_assigned(self) -> bool:
        """True while the group has given this worker partitions to read."""
        return not self._app.rebalancing and bool(self._app.consumer.assignment())

    async def ended(self, within_s: float) -> None:
        """Wait a while for the worker to fail.

        Raises:
            PromiseBrokenError: It can no longer read or send.
        """
        if self._app.crashed:
            reason = self._app.crash_reason
            raise PromiseBrokenError(f"the stream worker crashed ({type(reason).__name__})")
        await asyncio.wait({self._ended}, timeout=within_s)
        if self._ended.done():
            self._ended.result()

    async def _gather(self, stream: StreamT[bytes]) -> None:
        # Faust's interface leaves `noack` out.
        async for event in cast(faust.Stream[bytes], stream).noack().events():
            await self._gathering.put(event)

    async def _pump(self) -> None:
        while True:
            events = await self._gathered()
            async with self._handling:
                await self._handle([_record(event) for event in events])
                for event in events:
                    event.ack()

    async def _gathered(self) -> list[EventT[bytes]]:
        events = [await self._gathering.get()]
        size = len(events[0].value or b"")
        while len(events) < BATCH_RECORDS_MAX and size < BATCH_BYTES_MAX:
            try:
                event = self._gathering.get_nowait()
            except asyncio.QueueEmpty:
                break
            events.append(event)
            size += len(event.value or b"")
        return events

    def _pump_ended(self, pump: asyncio.Task[None]) -> None:
        if not pump.cancelled() and (error := pump.exception()) is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if self._ended.done():
            return
        if not isinstance(error, PromiseBrokenError):
            reason = f"a record could not be sent or handled ({type(error).__name__})"
            wrapped = PromiseBrokenError(reason)
            wrapped.__cause__ = error
            error = wrapped
        self._ended.set_exception(error)


def _record(event: EventT[bytes]) -> ForeignRecord:
    message = event.message
    return ForeignRecord(
        partition=message.partition,
        offset=message.offset,
        # Faust turns Kafka's milliseconds into seconds; rounding brings them back exactly.
        appended_at_ms=round(message.timestamp * 1000),
        value=event.value or b"",
    )

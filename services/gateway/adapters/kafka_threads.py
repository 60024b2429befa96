"""Two threads between the broker and the loop: one reads, one serves acknowledgements.

They decide nothing and touch no state of the gateway. Each hands a whole batch to the loop in one
call, and the reader waits while the loop has several batches to go.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence

from services.runtime.log_port import Arrived, LogReader, LogWriter, TopicPartition

POLL_S = 0.1
BATCHES_MAX = 4
"""Batches of at most 500 records that the loop may still have before it."""
ENDS_WITHIN_MS = 10_000

Take = Callable[[Sequence[Arrived], Sequence[tuple[TopicPartition, int]]], None]


class KafkaThreads:
    """Runs the two threads; the first failure of either is raised by `failed`."""

    def __init__(self, reader: LogReader, writer: LogWriter, take: Take) -> None:
        """Prepare; call inside the loop that the batches go to.

        Args:
            reader: Already told what to read.
            writer: Whose acknowledgements are to be served.
            take: Called in the loop with each batch and the ends that were reached with it.
        """
        self._reader = reader
        self._writer = writer
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._failed: asyncio.Future[None] = self._loop.create_future()
        self._stop = threading.Event()
        self._room = threading.Semaphore(BATCHES_MAX)
        self._threads: list[threading.Thread] = []
        self._told: dict[TopicPartition, int] = {}

    def start(self, settle: Callable[[], None], has_settled: Callable[[], bool]) -> None:
        """Start both threads.

        Args:
            settle: Called in the loop after acknowledgements came.
            has_settled: Tells, in the thread, whether any did.
        """
        bodies = {
            "reader": self._read,
            "writer": lambda: self._serve(settle, has_settled),
        }
        for name, body in bodies.items():
            thread = threading.Thread(target=self._run, args=(body,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    async def failed(self) -> None:
        """Return never; raise what a thread or a batch failed with."""
        await asyncio.shield(self._failed)

    async def stop(self, within_s: float) -> None:
        """Stop both threads and leave the broker, waiting for each up to `within_s`."""
        self._stop.set()
        for thread in self._threads:
            await asyncio.to_thread(thread.join, within_s)
        self._failed.cancel()
        if not any(thread.is_alive() for thread in self._threads):
            await asyncio.to_thread(self._reader.close)

    def _run(self, body: Callable[[], None]) -> None:
        try:
            body()
        except Exception as error:  # noqa: BLE001 (raised again in the loop, by `failed`)
            self._post(self._fail, error)

    def next_batch(
        self,
    ) -> tuple[Sequence[Arrived], Sequence[tuple[TopicPartition, int]]] | None:
        """Wait a moment for records, or for ends that were reached; None when nothing came."""
        arrived = self._reader.poll(POLL_S)
        ends = {
            tp: end.asked_at_ms
            for tp, end in self._reader.ends().items()
            if self._told.get(tp) != end.asked_at_ms and self._reader.at_end(tp, ENDS_WITHIN_MS)
        }
        if not arrived and not ends:
            return None
        self._told.update(ends)
        return arrived, tuple(ends.items())

    def _read(self) -> None:
        while not self._stop.is_set():
            batch = self.next_batch()
            if batch is None:
                continue
            while not self._room.acquire(timeout=POLL_S):
                if self._stop.is_set():
                    return
            self._post(self._hand_over, *batch)

    def _serve(self, settle: Callable[[], None], has_settled: Callable[[], bool]) -> None:
        while not self._stop.is_set():
            self._writer.serve(POLL_S)
            if has_settled():
                self._post(self._guarded, settle)

    def _hand_over(
        self, arrived: Sequence[Arrived], ends: Sequence[tuple[TopicPartition, int]]
    ) -> None:
        self._room.release()
        self._guarded(lambda: self._take(arrived, ends))

    def _guarded(self, call: Callable[[], None]) -> None:
        if self._failed.done():
            return
        try:
            call()
        except Exception as error:  # noqa: BLE001 (raised again by `failed`)
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        if not self._failed.done():
            self._failed.set_exception(error)

    def _post(self, call: Callable[..., None], *args: object) -> None:
        if not self._stop.is_set():
            self._loop.call_soon_threadsafe(call, *args)

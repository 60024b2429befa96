"""Read, fold, write: one transaction after the other, for as long as the process lives."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from services.recorder.domain.batch import BatchRows
from services.recorder.domain.entries import Partition, Position
from services.recorder.ports import (
    Meter,
    OutcomeStore,
    Reading,
    Recorded,
    RecordSource,
    WithdrawalLog,
)
from services.runtime.errors import TransientError
from services.runtime.lifecycle import Process

ENTRIES_PER_BATCH = 5_000
GAP_S = 0.1
"""From the start of a transaction to the start of the next, unless more lies ready than it takes.

A transaction costs some four milliseconds, whatever it holds: this bounds the cost of light load.
An outcome is to be kept within 500 ms; this and the fetch take 200 of them.
"""
RETRY_S = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Pauses between attempts while the world is away; the last one repeats."""
DAYS_EVERY_MS = 3_600_000
WITHDRAWALS_AT_ONCE = 500
LOOK_EVERY_MS = 2_000
"""Between looks for withdrawals when no batch brought one: for those that Kafka refused, and those
whose person the bank learns late."""


class RecordBatchHandler:
    """Writes what a reading says: its rows and the positions behind it, all or nothing."""

    def __init__(self, store: OutcomeStore) -> None:
        self._store = store

    async def __call__(self, reading: Reading) -> Recorded:
        """Record one reading; see `OutcomeStore.record`."""
        rows = BatchRows()
        for record in reading.records:
            rows.add(record)
        return await self._store.record(reading.advances, rows)


class PublishWithdrawalsHandler:
    """Publishes the opt-outs that transactions left behind, at least once (rule 4.8).

    It takes turns with the recording and never waits for Kafka: recording goes on without it.
    """

    def __init__(
        self, process: Process, store: OutcomeStore, log: WithdrawalLog, meter: Meter
    ) -> None:
        self._process = process
        self._store = store
        self._log = log
        self._meter = meter
        self._due = True
        self._under_way = False
        self._looked_at_ms = 0

    def look_soon(self) -> None:
        """Look at the next turn: there may be some to publish."""
        self._due = True

    async def turn(self, held: Mapping[Partition, Position]) -> None:
        """Do what can be done now for these partitions.

        Raises:
            TransientError: The store is away.
            PromiseBrokenError: The producer has failed for good.
        """
        if self._under_way and not await self._settle():
            return
        now_ms = self._process.clock.monotonic_ms()
        if self._due or now_ms - self._looked_at_ms >= LOOK_EVERY_MS:
            self._due, self._looked_at_ms = False, now_ms
            found = await self._store.unpublished(held, WITHDRAWALS_AT_ONCE)
            self._meter.unpublished(found.total)
            if found.first:
                self._log.send(found.first)
                self._under_way = True

    async def _settle(self) -> bool:
        settled = self._log.settled()
        if settled is None:
            return False
        self._under_way = False
        if settled.acknowledged:
            # Only now: a kill before this publishes them again, and that harms nobody.
            await self._store.mark_published(settled.acknowledged)
        # After a failure the next look is soon enough.
        self._due = self._due or not settled.failure
        why = f"Kafka takes no withdrawals: {settled.failure}"
        if self._process.health.ready("withdrawals", not settled.failure, why) and settled.failure:
            self._process.log.warning("waiting", why=why)
        return True


class ReadAhead:
    """Gathers the next batch while the one before is written, as long as more lies ready.

    Python reads and Postgres writes: taking turns, each would wait for the other. Under light load
    nothing lies ready, and a batch is what gathered since the last one.
    """

    def __init__(self, source: RecordSource) -> None:
        self._source = source
        self._ahead: asyncio.Task[Reading] | None = None

    async def next(self) -> Reading:
        """Return the next reading; see `RecordSource.gather`."""
        reading = await (self._ahead or self._source.gather(ENTRIES_PER_BATCH))
        self._ahead = None
        if reading.full:
            self._ahead = asyncio.create_task(self._source.gather(ENTRIES_PER_BATCH))
        return reading

    async def end(self) -> None:
        """Wait until nothing is being gathered, and forget what was: nobody is to record it."""
        if self._ahead is not None:
            await asyncio.gather(self._ahead, return_exceptions=True)


class Recorder:
    """Records the partitions of one slot until it is asked to stop."""

    def __init__(
        self,
        process: Process,
        source: RecordSource,
        store: OutcomeStore,
        withdrawals: WithdrawalLog,
        meter: Meter,
        topic_ids: Callable[[], Awaitable[Mapping[Partition, str]]],
    ) -> None:
        """Prepare; nothing is read before `run`.

        Args:
            process: The process around.
            source: Where entries come from.
            store: Where rows go.
            withdrawals: Where opt-outs go that were given in calls.
            meter: Counts what is recorded.
            topic_ids: Asks the broker for the topic id of each partition of this slot.
        """
        self._process = process
        self._source = source
        self._store = store
        self._meter = meter
        self._topic_ids = topic_ids
        self._record = RecordBatchHandler(store)
        self._publish = PublishWithdrawalsHandler(process, store, withdrawals, meter)
        self._positions: dict[Partition, Position] = {}
        self._failures = 0
        self._days_at_ms: int | None = None

    @property
    def positions(self) -> Mapping[Partition, Position]:
        """How far each partition is recorded, as far as this process knows."""
        return self._positions

    async def run(self) -> None:
        """Record until asked to stop, waiting for Kafka or Postgres as often as they are away.

        Raises:
            PromiseBrokenError: Going on could lose or double a row.
        """
        while not self._process.stop.asked:
            try:
                await self._take_over()
                await self._go_on()
            except TransientError as error:
                await self._wait(str(error))

    async def _take_over(self) -> None:
        """Find out where to read on: at start, and whenever it is unknown what was written."""
        self._process.health.beat()
        positions = await self._store.claim(await self._topic_ids(), self._positions or None)
        self._positions = positions
        await self._source.start(positions)
        self._process.log.info(
            "recording",
            partitions=len(positions),
            positions={f"{topic}/{p}": at.next_offset for (topic, p), at in positions.items()},
        )

    async def _go_on(self) -> None:
        readings = ReadAhead(self._source)
        try:
            await self._record_all(readings)
        finally:
            # Whoever goes on begins anew where the store says: what was read ahead comes again.
            await readings.end()

    async def _record_all(self, readings: ReadAhead) -> None:
        while not self._process.stop.asked:
            began_ms = self._process.clock.monotonic_ms()
            self._process.health.beat()
            await self._make_days_ahead(began_ms)
            reading = await readings.next()
            if reading.advances:
                await self._write(reading)
                # Only a transaction proves that the store is there: a claim may have passed
                # and the next write fail, for ever without a pause.
                self._failures = 0
            await self._publish.turn(self._positions)
            self._say_started()
            if not reading.full:
                await self._keep_gap(began_ms)

    async def _write(self, reading: Reading) -> None:
        began_ms = self._process.clock.monotonic_ms()
        recorded = await self._record(reading)
        self._meter.recorded(recorded, (self._process.clock.monotonic_ms() - began_ms) / 1000)
        self._positions.update((tp, step.after) for tp, step in reading.advances.items())
        if recorded.rows.get("withdrawal"):
            self._publish.look_soon()
        for conflict in recorded.conflicts:
            self._process.log.error("conflict: a promise was broken", **_ids(conflict._asdict()))

    async def _make_days_ahead(self, now_ms: int) -> None:
        if self._days_at_ms is None or now_ms - self._days_at_ms >= DAYS_EVERY_MS:
            await self._store.make_days_ahead()
            self._days_at_ms = now_ms

    async def _keep_gap(self, began_ms: int) -> None:
        spent_s = (self._process.clock.monotonic_ms() - began_ms) / 1000
        if spent_s < GAP_S:
            await asyncio.sleep(GAP_S - spent_s)

    def _say_started(self) -> None:
        self._process.started()
        self._process.health.ready("recording", True)  # noqa: FBT003

    async def _wait(self, why: str) -> None:
        if self._process.health.ready("recording", False, why):  # noqa: FBT003
            self._process.log.warning("waiting", why=why)
        self._process.health.beat()
        pause_s = RETRY_S[min(self._failures, len(RETRY_S) - 1)]
        self._failures += 1
        await asyncio.to_thread(self._process.stop.wait, pause_s)


def _ids(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if isinstance(value, str | int)}

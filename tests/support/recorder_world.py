"""A recorder's database, real or in memory, filled from logs and looked at table by table."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import asyncpg
import structlog
from prometheus_client import CollectorRegistry
from typing_extensions import override

from services.recorder.adapters.kafka_in import FencedRecords
from services.recorder.adapters.kafka_out import KafkaWithdrawals
from services.recorder.adapters.metrics import RecorderMetrics
from services.recorder.adapters.postgres import PostgresOutcomeStore
from services.recorder.domain.entries import Partition
from services.recorder.handlers import RecordBatchHandler, Recorder
from services.recorder.ports import OutcomeStore, Reading, Recorded
from services.runtime.clock import Clock, SystemClock
from services.runtime.lifecycle import Process
from services.runtime.log_port import LogReader
from services.runtime.telemetry import Health
from tests.fakes.log import FakeClock, HeldLogWriter, InMemoryBroker, InMemoryLogReader
from tests.fakes.outcome_store import InMemoryOutcomeStore, InMemoryTables
from tests.simtest.driven import driven_store
from tests.support.recorder_logs import LogWriter

Row = Mapping[str, Any]

KEYS = {
    "contact": ("contact_id",),
    "contact_state": ("contact_id", "release_id"),
    "outcome": ("contact_id", "release_id"),
    "outcome_amendment": ("partition", "record_offset", "entry"),
    "live_assignment": ("contact_id",),
    "conflict": ("partition", "record_offset", "entry"),
    "withdrawal": ("topic", "partition", "record_offset", "entry"),
    "decision": ("topic", "partition", "record_offset", "entry"),
    "control": ("topic", "partition", "record_offset"),
}
"""Key of every table."""


class World(Protocol):
    """A database, and any number of recorders on it."""

    def store(self) -> OutcomeStore: ...

    async def rows(self, table: str) -> list[Row]: ...


class FakeWorld:
    def __init__(self) -> None:
        self._tables = InMemoryTables()

    def store(self) -> OutcomeStore:
        return InMemoryOutcomeStore(self._tables)

    async def rows(self, table: str) -> list[Row]:
        held: dict[str, Callable[[], Sequence[Any]]] = {
            "contact_state": lambda: list(self._tables.states.values()),
            "outcome": lambda: list(self._tables.outcomes.values()),
            "outcome_amendment": lambda: list(self._tables.amendments.values()),
            "live_assignment": lambda: list(self._tables.live.values()),
            "conflict": lambda: self._tables.conflicts,
            "withdrawal": lambda: list(self._tables.withdrawals.values()),
            "decision": lambda: self._tables.decisions,
            "control": lambda: self._tables.controls,
        }
        if table == "contact":
            return [self._contact(contact_id) for contact_id in sorted(self._tables.contacts)]
        rows = [_flat(row._asdict()) for row in held[table]()]
        return sorted(rows, key=lambda row: str(sorted(row.items())))

    def _contact(self, contact_id: Any) -> Row:
        known = self._tables.contacts[contact_id]
        move = known.get("move")
        content = known.get("content")
        return {
            "contact_id": contact_id,
            "content_release": known.get("content_release"),
            "not_before": known.get("not_before"),
            **(_flat(move._asdict()) if move else {}),
            **(content._asdict() if content else {}),
        }


class SimulatedWorld(FakeWorld):
    @override
    def store(self) -> OutcomeStore:
        return driven_store(self._tables)


class PostgresWorld:
    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._stores: list[PostgresOutcomeStore] = []

    def store(self) -> OutcomeStore:
        self._stores.append(PostgresOutcomeStore(self._dsn, f"recorder-{len(self._stores)}"))
        return self._stores[-1]

    async def rows(self, table: str) -> list[Row]:
        connection = await asyncpg.connect(self._dsn)
        try:
            found = await connection.fetch(f"SELECT * FROM seatline.{table}")  # noqa: S608
        finally:
            await connection.close()
        rows = [{k: v for k, v in row.items() if k != "id"} for row in found]
        return sorted(rows, key=lambda row: str(sorted(row.items())))

    async def close(self) -> None:
        for store in self._stores:
            await store.close()


def _flat(row: dict[str, Any]) -> Row:
    order = row.pop("order", None)
    return {**row, **(order._asdict() if order else {})}


@asynccontextmanager
async def open_world(dsn: str | None, *, simulated: bool = False) -> AsyncIterator[World]:
    """Give the world of this database, or one in memory."""
    if dsn is None:
        yield SimulatedWorld() if simulated else FakeWorld()
        return
    real = PostgresWorld(dsn)
    try:
        yield real
    finally:
        await real.close()


async def assert_same(world: World, other: World) -> None:
    """Make sure that both hold the same rows in every table; brokers stamp by their own clocks."""
    for table, key in KEYS.items():
        ours = _by_key(await world.rows(table), key)
        theirs = _by_key(await other.rows(table), key)
        if table == "control":
            for row in (*ours.values(), *theirs.values()):
                del row["at"]
        assert ours.keys() == theirs.keys(), table
        for place, row in theirs.items():
            # The fake leaves a column out where the server has NULL.
            assert {name: ours[place].get(name) for name in row} == row, table


def _by_key(rows: Sequence[Row], key: Sequence[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    keyed = {tuple(row[name] for name in key): dict(row) for row in rows}
    assert len(keyed) == len(rows), "a key twice"
    return keyed


class SmallBatches(FencedRecords):
    """Hands out less at a time than it is asked for, so that few records make many batches."""

    def __init__(self, reader: LogReader, clock: Clock, limit: int) -> None:
        super().__init__(reader, clock)
        self._limit = limit

    @override
    async def gather(self, entries_limit: int) -> Reading:
        return await super().gather(min(entries_limit, self._limit))


def source_of(*logs: LogWriter, limit: int = 5_000) -> SmallBatches:
    return _source(_broker(logs), limit)


def _broker(logs: Sequence[LogWriter]) -> InMemoryBroker:
    broker = InMemoryBroker(FakeClock())
    for log in logs:
        for value in log.values:
            broker.append(log.tp, value)
    return broker


def _source(broker: InMemoryBroker, limit: int) -> SmallBatches:
    return SmallBatches(InMemoryLogReader(broker), broker.clock, limit)


def ids(logs: Sequence[LogWriter]) -> dict[Partition, str]:
    return {log.tp: f"id-of-{log.tp[0]}" for log in logs}


async def record(
    store: OutcomeStore, *logs: LogWriter, limit: Callable[[], int] = lambda: 5_000
) -> list[Recorded]:
    """Read all that the logs hold, from where the store stands, and record it."""
    source = source_of(*logs)
    await source.start(await store.claim(ids(logs), None))
    done = []
    while (reading := await source.gather(limit())).advances:
        done.append(await RecordBatchHandler(store)(reading))
    return done


@dataclass
class Rig:
    """A recorder with a process around it and a broker before it."""

    process: Process
    broker: InMemoryBroker
    recorder: Recorder
    withdrawals: HeldLogWriter


def rig(store: OutcomeStore, *logs: LogWriter, limit: int = 5_000) -> Rig:
    clock = SystemClock()
    registry = CollectorRegistry()
    around = Process("recorder-0", structlog.get_logger(), Health(clock), registry, clock)
    broker = _broker(logs)

    async def topic_ids() -> Mapping[Partition, str]:
        return ids(logs)

    metrics = RecorderMetrics(registry)
    writer = HeldLogWriter(broker)
    source = _source(broker, limit)
    recorder = Recorder(around, source, store, KafkaWithdrawals(writer), metrics, topic_ids)
    return Rig(around, broker, recorder, writer)


async def run_to_the_end(
    store: OutcomeStore, *logs: LogWriter, within_s: float = 60.0, limit: int = 5_000
) -> Process:
    """Run a recorder until it has recorded all of the logs, then stop it."""
    ends = {log.tp: len(log.values) for log in logs}
    made = rig(store, *logs, limit=limit)
    running = asyncio.create_task(made.recorder.run())

    def recorded() -> bool:
        return ends == {tp: at.next_offset for tp, at in made.recorder.positions.items()}

    try:
        await eventually(lambda: recorded() or running.done(), within_s)
    finally:
        made.process.stop.ask("the test is over")
        await running
    return made.process


async def eventually(condition: Callable[[], bool], within_s: float = 10.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 (there is no event to wait for)
            await asyncio.sleep(0.005)

"""The recorder catching up: rows, positions and all, beside a bare COPY of the same rows."""

import asyncio
import os
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from bench.cores.log import whole_contacts
from bench.figures import Figure, Row, at_least
from bench.loops.pace import Pace, Stopwatch, apart
from bench.work import Work
from bench.world import World
from services.recorder.adapters.kafka_in import FACTS_TOPIC, RULINGS_TOPIC, FencedRecords
from services.recorder.adapters.postgres import PostgresOutcomeStore
from services.recorder.domain.batch import BatchRows
from services.recorder.domain.entries import Partition
from services.recorder.domain.rows import DecisionRow
from services.recorder.handlers import ENTRIES_PER_BATCH, ReadAhead, RecordBatchHandler
from services.recorder.ports import Reading
from services.runtime.clock import SystemClock
from services.runtime.log_port import Arrived, End, TopicPartition
from services.stack.postgres import migrate

_CONTACTS = 20_000
_DATABASE = "bench_recorder"
_POLL_RECORDS = 500
_BARE = "CREATE TABLE seatline.bench_bare AS TABLE seatline.decision WITH NO DATA"


class ListedLog:
    """Reads records that lie in memory; the recorder's end of `LogReader`."""

    def __init__(self, logs: Mapping[TopicPartition, Sequence[bytes]]) -> None:
        self._logs = logs
        self._next: dict[TopicPartition, int] = {}

    def assign(self, starts: Mapping[TopicPartition, int]) -> None:
        """Read exactly these partitions, from these offsets on."""
        self._next = dict(starts)

    def seek(self, tp: TopicPartition, offset: int) -> None:
        """Go on from another offset."""
        self._next[tp] = offset

    def pause(self, tps: Collection[TopicPartition]) -> None:
        """Do nothing: nobody asks for it here."""

    def resume(self, tps: Collection[TopicPartition]) -> None:
        """Do nothing: nobody asks for it here."""

    def poll(self, timeout_s: float) -> list[Arrived]:
        """Return the next records of a partition that has some."""
        del timeout_s
        for tp, offset in self._next.items():
            values = self._logs[tp][offset : offset + _POLL_RECORDS]
            if values:
                self._next[tp] = offset + len(values)
                return [Arrived(*tp, offset + n, 0, value) for n, value in enumerate(values)]
        return []

    def ends(self) -> Mapping[TopicPartition, End]:
        """Return where the logs end."""
        return {tp: End(len(values), 0, 0) for tp, values in self._logs.items()}

    def at_end(self, tp: TopicPartition, within_ms: int) -> bool:
        """Tell whether all of a partition was returned."""
        del within_ms
        return self._next.get(tp, 0) >= len(self._logs[tp])

    def close(self) -> None:
        """Forget everything."""
        self._next = {}


@dataclass(frozen=True, slots=True)
class Paces:
    """Both loops, in entries."""

    recorder: Pace
    bare: Pace


def measure(world: World) -> Mapping[str, Figure]:
    """Record a backlog in batches of at least 5,000 entries into a database of its own."""
    contacts = max(2 * ENTRIES_PER_BATCH, round(_CONTACTS * world.scale))
    paces = apart(record_backlog, world.stack()["postgres"], contacts)
    share = paces.recorder.per_s / paces.bare.per_s
    return {
        "recorder": Figure(paces.recorder.per_s, paces.bare.per_s),
        "recorder_share": Figure(share),
        "recorder_cpu": Figure(paces.recorder.cpu_us, paces.bare.cpu_us),
    }


def record_backlog(server: str, contacts: int) -> Paces:
    """Record so many contacts' rulings and facts, then copy the same rows into a bare table."""
    return asyncio.run(_record_backlog(server, contacts))


async def _record_backlog(server: str, contacts: int) -> Paces:
    address = _database(server, _DATABASE)
    await _on(server, f"DROP DATABASE IF EXISTS {_DATABASE}", f"CREATE DATABASE {_DATABASE}")
    try:
        await migrate(address, dict(os.environ))
        rulings, facts = whole_contacts(contacts, time.time_ns() // 1_000_000)
        logs = {(RULINGS_TOPIC, 0): rulings, (FACTS_TOPIC, 0): facts}
        recorder, batches = await _record(address, logs)
        return Paces(recorder, await _copy(address, batches))
    finally:
        await _on(server, f"DROP DATABASE IF EXISTS {_DATABASE} WITH (FORCE)")


async def _record(
    address: str, logs: Mapping[Partition, Sequence[bytes]]
) -> tuple[Pace, list[list[DecisionRow]]]:
    source = FencedRecords(ListedLog(logs), SystemClock())
    store = PostgresOutcomeStore(address, "bench-recorder")
    readings, handler = ReadAhead(source), RecordBatchHandler(store)
    batches: list[list[DecisionRow]] = []
    watch = Stopwatch()
    try:
        await store.make_days_ahead()
        await source.start(await store.claim(dict.fromkeys(logs, "bench"), None))
        while True:
            with watch:
                reading = await readings.next()
                if reading.advances:
                    await handler(reading)
            if not reading.advances:
                break
            batches.append(_decisions(reading))
    finally:
        await store.close()
    return watch.pace(sum(map(len, batches))), batches


async def _copy(address: str, batches: Sequence[Sequence[DecisionRow]]) -> Pace:
    connection = await asyncpg.connect(address)
    watch = Stopwatch()
    try:
        await connection.execute(_BARE)
        for rows in batches:
            with watch:
                await connection.copy_records_to_table(
                    "bench_bare",
                    schema_name="seatline",
                    columns=DecisionRow._fields,
                    records=rows,
                )
    finally:
        await connection.close()
    return watch.pace(sum(map(len, batches)))


def _decisions(reading: Reading) -> list[DecisionRow]:
    rows = BatchRows()
    for record in reading.records:
        rows.add(record)
    return rows.decisions


async def _on(server: str, *statements: str) -> None:
    connection = await asyncpg.connect(_database(server, "postgres"))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _database(address: str, name: str) -> str:
    head, _, options = address.partition("?")
    return f"{head.rpartition('/')[0]}/{name}?{options}"


RECORDER = Work(
    "recorder_loop",
    (
        Row("recorder", "facts/s"),
        Row("recorder_share", "of bare COPY", at_least(0.4)),
        Row("recorder_cpu", "us/fact"),
    ),
    15,
    measure,
)

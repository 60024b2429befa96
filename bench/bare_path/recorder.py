"""The recorder without what it judges: one row an entry, copied into a table without an index."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any

import asyncpg
import uvloop

from bench.bare_path.setting import Setting
from bench.bare_path.wire import SIZES, Step, decode
from bench.bare_path.workers import until_told
from services.recorder.adapters.kafka_in import POLL_S
from services.recorder.domain.rows import DecisionRow
from services.recorder.handlers import ENTRIES_PER_BATCH, GAP_S
from services.runtime.kafka_log import IN_BULK, KafkaLogReader
from services.runtime.log_port import START, Arrived

CREATE = (
    "CREATE UNLOGGED TABLE {} (topic text, partition int, record_offset bigint, entry int, "
    "at timestamptz, kind text, contact_id text, release_id bigint, session_id text, "
    "centre_id text, payload bytea, ordered_at timestamptz)"
)
"""The columns of `decision`."""
_NO_ORDER = None
Row = tuple[object, ...]
"""In the order of those columns."""
COUNT = "SELECT kind, count(*) AS rows, count(DISTINCT contact_id) AS contacts FROM {} GROUP BY 1"
_PAYLOADS = {step: bytes(size) for step, size in SIZES.items()}


class Recorder:
    """Copies what gathered, ten times a second."""

    def __init__(self, setting: Setting) -> None:
        logs = (setting.logs.rulings, setting.logs.facts)
        self._headers = {log.topic: log.header for log in logs}
        self._reader = KafkaLogReader(setting.bootstrap, "bare-recorder", fetching=IN_BULK)
        partitions = range(setting.load.partitions)
        self._reader.assign({(log.topic, n): START for log in logs for n in partitions})

    def gather(self) -> list[Row]:
        """Return the rows of what has gathered, waiting a moment for the first."""
        rows: list[Row] = []
        timeout_s = POLL_S
        while len(rows) < ENTRIES_PER_BATCH and (batch := self._reader.poll(timeout_s)):
            timeout_s = 0.0
            for arrived in batch:
                rows.extend(self._rows(arrived))
        return rows

    def _rows(self, arrived: Arrived) -> Iterator[Row]:
        at = datetime.fromtimestamp(arrived.appended_at_ms / 1_000, UTC)
        place = (arrived.topic, arrived.partition, arrived.offset)
        for index, entry in enumerate(decode(arrived.value, self._headers[arrived.topic])):
            step = Step(entry.step)
            what = (str(entry.number), 1, "session", "centre", _PAYLOADS[step])
            yield (*place, index, at, step.name, *what, _NO_ORDER)


def serve(setting: Setting, told: Connection) -> None:
    """Be the recorder."""
    uvloop.run(_serve(setting, told))


async def _serve(setting: Setting, told: Connection) -> None:
    recorder = Recorder(setting)
    connection: Any = await asyncpg.connect(setting.postgres)
    told.send("ready")
    stop = until_told(told)
    while not stop.is_set():
        began_s = time.monotonic()
        rows = await asyncio.to_thread(recorder.gather)
        if rows:
            async with connection.transaction():
                await connection.copy_records_to_table(
                    setting.table, columns=DecisionRow._fields, records=rows
                )
        if len(rows) < ENTRIES_PER_BATCH:
            await asyncio.sleep(max(0.0, began_s + GAP_S - time.monotonic()))
    await connection.close()

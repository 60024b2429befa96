"""Whole histories in memory for the checker: logs, rows and a journal, to be written and spoilt."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message

from tests.checker.history import FACTS, RULINGS, Answer, Key, Log, Record, Row
from tests.fakes.outcome_store import InMemoryOutcomeStore, InMemoryTables
from tests.support.recorder_logs import LogWriter
from tests.support.recorder_world import FakeWorld, record

TABLES = (
    *("contact_state", "outcome", "outcome_amendment", "live_assignment", "conflict"),
    *("withdrawal", "decision"),
)


@dataclass
class Stamped:
    """A record before it is bytes."""

    appended_at_ms: int
    body: Message

    @property
    def said(self) -> Any:
        return self.body


@dataclass
class Tables:
    """What the recorder left, to be spoilt."""

    positions: dict[Log, dict[str, Any]]
    rows: dict[str, list[dict[str, Any]]]


@dataclass
class WrittenHistory:
    """A history that can still be changed; `tables` are made by the recorder's own core."""

    partitions: int = 1
    logs: dict[Log, list[Stamped]] = field(default_factory=lambda: defaultdict(list))
    journal: list[dict[str, Any]] = field(default_factory=list)
    intake_done: dict[int, int] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)
    """Partitions as `/floor` shows them, each by a process of its own."""
    tables: Tables | None = None

    def append(self, log: Log, appended_at_ms: int, body: Message) -> int:
        """Append a record and give its offset."""
        self.logs[log].append(Stamped(appended_at_ms, body))
        return len(self.logs[log]) - 1

    def copy(self) -> "WrittenHistory":
        return deepcopy(self)

    def drop_snapshots(self) -> None:
        """Leave of snapshots what any other record says."""
        for topic, number in self.logs:
            for stamped in self.logs[topic, number] if topic in (RULINGS, FACTS) else ():
                stamped.said.header.ClearField("snapshot_chunk")
                stamped.said.header.ClearField("snapshot_done")

    def recorded(self) -> "WrittenHistory":
        """Have the recorder write down all that the logs hold."""
        writers = []
        for topic in (RULINGS, FACTS):
            for number in range(self.partitions):
                writer = LogWriter((topic, number))
                writer.values = [s.body.SerializeToString() for s in self.logs[topic, number]]
                writers.append(writer)
        self.tables = asyncio.run(_recorded(writers))
        return self

    def frozen(self) -> "FrozenHistory":
        """Give it as the checker reads it."""
        logs = {
            log: [
                Record(offset, stamped.appended_at_ms, stamped.body.SerializeToString())
                for offset, stamped in enumerate(records)
            ]
            for log, records in self.logs.items()
        }
        rows = None if self.tables is None else FrozenRows(self.tables)
        answers = [
            Answer(f"dispatcher-{number}", {"partitions": [part]})
            for number, part in enumerate(self.told)
        ]
        return FrozenHistory(self.partitions, logs, rows, self.journal, self.intake_done, answers)


@dataclass(frozen=True)
class FrozenRows:
    tables: Tables

    def position(self, log: Log) -> Row | None:
        return self.tables.positions.get(log)

    def of(self, table: str, log: Log) -> Iterator[Row]:
        topic, partition = log
        for row in self.tables.rows[table]:
            if row["partition"] != partition:
                continue
            of_topic = row.get("topic", FACTS)
            if table == "contact_state":
                of_topic = FACTS if row["stage"] == 2 else RULINGS
            if of_topic == topic:
                yield row

    def outcomes_of(self, keys: Iterable[Key]) -> Mapping[Key, Row]:
        wanted = set(keys)
        rows = ((_key(row), row) for row in self.tables.rows["outcome"])
        return {key: row for key, row in rows if key in wanted}


@dataclass(frozen=True)
class FrozenHistory:
    partitions: int
    logs: Mapping[Log, list[Record]]
    rows: FrozenRows | None
    entries: list[dict[str, Any]]
    done: Mapping[int, int]
    told: list[Answer]

    def end(self, log: Log) -> int:
        return len(self.logs.get(log, ()))

    def records(self, log: Log) -> Iterator[Record]:
        return iter(self.logs.get(log, ()))

    def intake_done(self) -> Mapping[int, int]:
        return self.done

    def answers(self) -> list[Answer]:
        return self.told

    def journal(self) -> Iterator[Mapping[str, Any]]:
        return iter(self.entries)


async def _recorded(writers: list[LogWriter]) -> Tables:
    world = FakeWorld()
    tables = InMemoryTables()
    world._tables = tables
    await record(InMemoryOutcomeStore(tables), *writers)
    positions = {}
    for log, position in tables.positions.items():
        point = position.point
        positions[log] = {
            "next_offset": position.next_offset,
            "epoch": point.epoch if point else None,
            "owner": point.owner if point else None,
            "seq": point.seq if point else None,
        }
    rows = {table: [dict(row) for row in await world.rows(table)] for table in TABLES}
    rows["decision"].sort(key=lambda row: (row["record_offset"], row["entry"]))
    return Tables(positions, rows)


def _key(row: Row) -> Key:
    return (row["contact_id"], row["release_id"])

"""Put a load on a whole stack, and read from its logs when it decided again.

Of the services this uses only the reader rule (rule 1.4) and the commands that people use.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import asyncpg
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from seatline.facts.v1 import facts_pb2
from seatline.rulings.v1 import rulings_pb2
from services.runtime.fenced_log.header import Fence, Header, from_proto
from services.runtime.fenced_log.reader import FencedReader
from services.stack.layout import REPOSITORY
from tests.support.eventually import eventually
from tests.support.stack import Stack

MAP = REPOSITORY / "data" / "maps" / "2024-225.csv"
CONTACTS = "seatline.contacts.v1"
RULINGS = "seatline.rulings.v1"
FACTS = "seatline.facts.v1"
BODIES: Mapping[str, Any] = {RULINGS: rulings_pb2.RulingRecord, FACTS: facts_pb2.FactRecord}

PLACES = ("finished", "refused", "held", "returned", "open", "lost")
COMMAND_WITHIN_S = 120.0
READ_WITHIN_S = 60.0
FLOWING_WITHIN_S = 120.0
FINISHED_WITHIN_S = 300.0
SEED = 10
"""Its caller misses the offer of one of the first contacts, whose lease so outlives the fault, and
of none of the later ones, whose leases would only make the run longer."""
FLOWING_CALLS = 30
"""So many callers have seen a number: the load is under way in all its parts."""


def now_ms() -> int:
    """The clock that the broker stamps by: brokers of the tests run on this machine."""
    return time.time_ns() // 1_000_000


def command(stack: Stack, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run `seatline ... --json` and give its exit code and answer."""
    state = str(stack.layout.state)
    done = subprocess.run(
        (sys.executable, "-m", "services.cli", *arguments, "--state", state, "--json"),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        timeout=COMMAND_WITHIN_S,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


def publish(stack: Stack, seat_map: Path = MAP) -> int:
    """Put a map in force in every partition and give its version."""
    code, answer = command(stack, "map", "publish", str(seat_map), "--why", "a test")
    assert code == 0, answer
    return int(answer["map_version"])


def fetch(stack: Stack, query: str, *arguments: object) -> list[Any]:
    """Ask the stack's database and give the rows."""

    async def ask() -> list[Any]:
        connection = await asyncpg.connect(stack.endpoints["postgres"])
        try:
            return list(await connection.fetch(query, *arguments))
        finally:
            await connection.close()

    return asyncio.run(ask())


# --- the load ------------------------------------------------------------------------------------


@dataclass
class Load:
    """Callers at work on a stack, from a process of their own."""

    process: subprocess.Popen[str]
    journal: Path

    @cached_property
    def result(self) -> dict[str, Any]:
        """What came of it; waits for its end."""
        output, _ = self.process.communicate(timeout=FINISHED_WITHIN_S)
        lines = output.splitlines()
        assert lines, f"the load ended with {self.process.returncode} and said nothing"
        result: dict[str, Any] = json.loads(lines[-1])
        assert "contacts" in result, result
        return result

    def is_flowing(self) -> bool:
        assert self.process.poll() is None, self.result
        return self.journal.exists() and self._calls() >= FLOWING_CALLS

    def _calls(self) -> int:
        return self.journal.read_bytes().count(b'"kind":"number"')


@contextmanager
def load_on(
    stack: Stack,
    folder: Path,
    *,
    sessions: int = 450,
    rate: float = 25.0,
    seconds: float = 9.0,
    seed: int = SEED,
) -> Iterator[Load]:
    """Let callers work on a stack that has a map; the block begins when calls flow."""
    journal = folder / "journal.ndjson"
    options = {"sessions": sessions, "rate": rate, "seconds": seconds, "warmup": 1}
    options |= {"aht": 4, "seed": seed}
    process = subprocess.Popen(
        (
            *(sys.executable, "-m", "services.simulator", "run"),
            *("--state", str(stack.layout.state), "--journal", str(journal)),
            *(part for name, value in options.items() for part in (f"--{name}", str(value))),
        ),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    load = Load(process, journal)
    try:
        eventually(load.is_flowing, FLOWING_WITHIN_S, "the load flows")
        yield load
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=COMMAND_WITHIN_S)


def assert_promises_were_kept(stack: Stack, load: Load) -> None:
    """Hear the callers, then audit logs and record: nothing lost, doubled, stuck or open."""
    result = load.result
    assert result["contacts"] == sum(result[place] for place in PLACES), result
    for name in ("lost", "doubled", "stuck", "open"):
        assert result[name] == 0, f"{name}: {result[name]} of {result['contacts']}: {result}"
    assert result["finished"] > 0, result

    code, report = command(stack, "audit", "--deep", "--journal", str(load.journal))
    findings = {name: report[name] for name in ("strays", "doubles", "misrecorded", "places")}
    findings |= {"found": report["deep"]["found"], "first": report["deep"]["findings"][:3]}
    assert report["contacts"] == sum(report[place] for place in PLACES), findings
    assert (report["lost"], report["doubled"], report["open"]) == (0, 0, 0), findings
    assert (code, report["ok"]) == (0, True), findings
    assert_memory_was_judged(report)


def assert_memory_was_judged(report: Mapping[str, Any]) -> None:
    """See that the dispatchers' memory was compared with the logs: all of it, and not nothing."""
    live = report["deep"]["live"]
    assert live["not_judged"] == [], live
    assert live["sessions"] > 0, live


# --- the logs ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """A record of a fenced log that counts."""

    partition: int
    offset: int
    appended_at_ms: int
    header: Header
    slot: str
    """Slot of the reign that it belongs to."""
    body: Any

    @property
    def entries(self) -> Sequence[Any]:
        """Its facts or rulings."""
        is_of_facts = isinstance(self.body, facts_pb2.FactRecord)
        found: Sequence[Any] = self.body.facts if is_of_facts else self.body.rulings
        return found

    def kinds(self) -> set[str]:
        """What its entries say, by the names of the wire."""
        oneof = "kind" if isinstance(self.body, facts_pb2.FactRecord) else "outcome"
        return {str(entry.WhichOneof(oneof)) for entry in self.entries}

    def is_of_reign(self, other: "Record") -> bool:
        mine, its = self.header.point, other.header.point
        return (mine.epoch, mine.owner) == (its.epoch, its.owner)


Log = Mapping[int, Sequence[Record]]
"""Records that count, by partition, in their order."""


class _Judge:
    """Takes one partition record by record and keeps those that count."""

    def __init__(self, topic: str, partition: int) -> None:
        self.records: list[Record] = []
        self._body = BODIES[topic]
        self._rule = FencedReader(f"{topic}/{partition}")
        self._slot = ""

    def hear(self, message: Message) -> None:
        body = self._body.FromString(message.value() or b"")
        header = from_proto(body.header)
        if not self._rule.accept(header).counts:
            return
        if isinstance(header.control, Fence):
            self._slot = header.control.slot
        place = (int(message.partition() or 0), int(message.offset() or 0))
        self.records.append(Record(*place, message.timestamp()[1], header, self._slot, body))


def read_all(stack: Stack, topic: str) -> Iterator[Message]:
    """Yield what a topic holds by now, each partition in its order."""
    unread = set(range(stack.endpoints["partitions"]))
    consumer = Consumer(
        {
            "bootstrap.servers": stack.endpoints["kafka"],
            "group.id": "test-unused",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    consumer.assign([TopicPartition(topic, partition, 0) for partition in unread])
    deadline = time.monotonic() + READ_WITHIN_S
    try:
        while unread:
            assert time.monotonic() < deadline, f"{topic}: no end within {READ_WITHIN_S:g} s"
            for message in consumer.consume(500, 0.2):
                error = message.error()
                if error is None:
                    yield message
                else:
                    assert error.code() == KafkaError._PARTITION_EOF, error
                    unread.discard(int(message.partition() or 0))
    finally:
        consumer.close()


def read_log(stack: Stack, topic: str) -> Log:
    """Read a fenced log by the reader rule."""
    judges = {n: _Judge(topic, n) for n in range(stack.endpoints["partitions"])}
    for message in read_all(stack, topic):
        judges[int(message.partition() or 0)].hear(message)
    return {partition: judge.records for partition, judge in judges.items()}


def _last_until(records: Sequence[Record], at_ms: int) -> Record:
    return max((r for r in records if r.appended_at_ms <= at_ms), key=lambda r: r.offset)


def owned_by(log: Log, slot: str, at_ms: int) -> set[int]:
    """Name the partitions that a slot owned at a moment."""
    return {n for n, records in log.items() if _last_until(records, at_ms).slot == slot}


def decided_again_s(
    log: Log,
    touched: Collection[int],
    hurt_at_ms: int,
    kinds: set[str],
    *,
    same_reign: bool = False,
) -> float:
    """Give the seconds until the last of the touched partitions had its next decision.

    Args:
        log: As read after everything has ended.
        touched: Partitions that must decide again.
        hurt_at_ms: When the process was hurt.
        kinds: Entries that are decisions.
        same_reign: Whether the owner went on; if not, what it still had under way is no decision.
    """
    assert touched, "no partition was touched"
    latest_ms = 0
    for partition in touched:
        records = log[partition]
        before = _last_until(records, hurt_at_ms)
        after = [
            record.appended_at_ms
            for record in records
            if record.appended_at_ms > hurt_at_ms
            and (same_reign or not record.is_of_reign(before))
            and record.kinds() & kinds
        ]
        assert after, f"partition {partition} never decided again"
        latest_ms = max(latest_ms, after[0])
    return (latest_ms - hurt_at_ms) / 1_000

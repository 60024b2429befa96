"""Recorders as the supervisor would start them, on logs and databases of a test's own."""

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from seatline.suppressions.v1 import suppressions_pb2
from services.cli.adapters.kafka_log_book import KafkaLogBook
from services.recorder.adapters.kafka_out import SUPPRESSIONS_TOPIC
from services.runtime.kafka_log import KafkaLogWriter
from services.runtime.log_port import SendError, Sent
from services.stack.layout import REPOSITORY
from tests.support.recorder_logs import Entry, LogWriter, lives
from tests.support.recorder_world import FakeWorld, PostgresWorld, assert_same, record
from tests.support.stack import Database, Stack

PARTITIONS = 2
EXIT_PROMISE_BROKEN = 70


def eventually(condition: Callable[[], object], within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)


def _portions(values: Sequence[bytes], size: int = 5_000) -> Iterator[Sequence[bytes]]:
    # Below what the writer's local queue takes.
    for start in range(0, len(values), size):
        yield values[start : start + size]


@dataclass
class RecorderProcess:
    """A recorder as the supervisor would start it."""

    child: subprocess.Popen[bytes]
    port: int
    log: Path

    def readiness(self) -> dict[str, str]:
        """Give what it waits for; `door` while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5):
                return {}
        except urllib.error.HTTPError as error:
            waiting: dict[str, str] = json.load(error)["waiting_for"]
            return waiting
        except OSError:
            return {"door": "closed"}

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as page:
            return str(page.read(), "utf-8")

    def kill(self) -> None:
        self.child.kill()
        self.child.wait(10)


@dataclass
class Site:
    """A broker with logs in it, and databases to record them into."""

    kafka: str
    database: Database
    folder: Path
    ports: Callable[[], int]
    logs: list[LogWriter] = field(default_factory=list)

    @contextmanager
    def recorder(
        self,
        dsn: str,
        slot: int = 0,
        slots: int = 1,
        kafka: str = "",
        partitions: int = PARTITIONS,
    ) -> Iterator[RecorderProcess]:
        port = self.ports()
        log = self.folder / f"recorder-{secrets.token_hex(4)}.log"
        settings = {
            "KAFKA": kafka or self.kafka,
            "STATE": str(self.folder),
            "SLOT": f"recorder-{slot}",
            "SLOTS": str(slots),
            "PARTITIONS": str(partitions),
            "HTTP_PORT": str(port),
            "POSTGRES": dsn,
        }
        around = {k: v for k, v in os.environ.items() if not k.startswith(("SEATLINE_", "PG"))}
        with log.open("wb") as stream:
            child = subprocess.Popen(
                (sys.executable, "-m", "services.recorder"),
                cwd=REPOSITORY,
                env={**around, **{f"SEATLINE_{k}": v for k, v in settings.items()}},
                stderr=stream,
            )
        try:
            yield RecorderProcess(child, port, log)
        finally:
            child.kill()
            child.wait(10)

    def append(self, logs: Sequence[LogWriter], since: Sequence[int] = ()) -> None:
        writer = KafkaLogWriter(self.kafka, "test")
        failed: list[SendError] = []

        def note(sent: Sent | SendError) -> None:
            if isinstance(sent, SendError):
                failed.append(sent)

        for log, start in zip(logs, since or [0] * len(logs), strict=True):
            for batch in _portions(log.values[start:]):
                for value in batch:
                    writer.send(log.tp, value, note)
                assert writer.flush(30) == 0
        assert not failed

    def recorded(self, dsn: str) -> int:
        """Count the records that are recorded, of all partitions."""
        total = "SELECT coalesce(sum(next_offset), 0) FROM seatline.recorder_position"
        return int(self.database.execute(total, dsn))

    def write(self, log: LogWriter, *entries: Entry) -> None:
        """Append one more record to a log that is there already."""
        log.write(*entries)
        self.append([log], [len(log.values) - 1])

    def withdrawn(self) -> list[bytes]:
        """Give the person key of every withdrawal that was ever published."""
        book = KafkaLogBook(self.kafka)
        try:
            arrived = list(book.read(SUPPRESSIONS_TOPIC, book.bounds(SUPPRESSIONS_TOPIC)))
        finally:
            book.close()
        return [suppressions_pb2.Withdrawal.FromString(each.value).person_key for each in arrived]

    def unpublished(self, dsn: str) -> int:
        open_ones = "SELECT count(*) FROM seatline.withdrawal WHERE published_at IS NULL"
        return int(self.database.execute(open_ones, dsn))

    def written(self) -> int:
        return sum(len(log.values) for log in self.logs)

    async def assert_exactly_once(self, dsn: str) -> None:
        whole = FakeWorld()
        await record(whole.store(), *self.logs)
        await assert_same(PostgresWorld(dsn), whole)


def site_of(stack: Stack, folder: Path, ports: Callable[[], int], contacts: int) -> Site:
    """Give a site with the lives of so many contacts in its logs."""
    made = Site(stack.endpoints["kafka"], Database(stack.layout), folder, ports)
    made.logs = lives(seed=1, contacts=contacts, partitions=PARTITIONS)
    made.append(made.logs)
    return made

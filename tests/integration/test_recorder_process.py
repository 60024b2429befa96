import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from seatline.suppressions.v1 import suppressions_pb2
from services.cli.adapters.kafka_log_book import KafkaLogBook
from services.recorder.adapters.kafka_in import FACTS_TOPIC
from services.recorder.adapters.kafka_out import SUPPRESSIONS_TOPIC
from services.runtime.kafka_log import KafkaLogWriter
from services.runtime.log_port import SendError, Sent
from services.stack.identity import Wish
from services.stack.layout import REPOSITORY
from services.stack.plan import KAFKA, POSTGRES
from tests.support.recorder_entries import opted_out, person_key, queued
from tests.support.recorder_logs import Entry, LogWriter, facts_log, lives
from tests.support.recorder_world import FakeWorld, PostgresWorld, assert_same, record
from tests.support.stack import Database, Stack, whole_stack

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
        self, dsn: str, slot: int = 0, slots: int = 1, kafka: str = ""
    ) -> Iterator[RecorderProcess]:
        port = self.ports()
        log = self.folder / f"recorder-{secrets.token_hex(4)}.log"
        settings = {
            "KAFKA": kafka or self.kafka,
            "STATE": str(self.folder),
            "SLOT": f"recorder-{slot}",
            "SLOTS": str(slots),
            "PARTITIONS": str(PARTITIONS),
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


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("recorder")
    wish = Wish(partitions=PARTITIONS)
    with whole_stack(folder, wish=wish, only=(KAFKA, POSTGRES)) as running:
        yield running


@pytest.fixture(scope="module")
def site(
    stack: Stack,
    tmp_path_factory: pytest.TempPathFactory,
    unused_tcp_port_factory: Callable[[], int],
) -> Site:
    folder = tmp_path_factory.mktemp("processes")
    made = Site(stack.endpoints["kafka"], Database(stack.layout), folder, unused_tcp_port_factory)
    made.logs = lives(seed=1, contacts=1_500, partitions=PARTITIONS)
    made.append(made.logs)
    return made


async def test_a_recorder_killed_again_and_again_records_everything_once(site: Site) -> None:
    dsn = site.database.fresh_database()
    kills = 0
    for _ in range(6):
        before = site.recorded(dsn)
        with site.recorder(dsn) as running:
            eventually(lambda before=before: site.recorded(dsn) > before)
            kills += site.recorded(dsn) < site.written()
            running.kill()
        if site.recorded(dsn) == site.written():
            break
    assert kills
    with site.recorder(dsn) as running:
        eventually(lambda: site.recorded(dsn) == site.written())
        eventually(lambda: running.readiness() == {})
        running.child.send_signal(signal.SIGTERM)
        assert running.child.wait(10) == 0
    await site.assert_exactly_once(dsn)


async def test_two_slots_record_every_partition_once_between_them(site: Site) -> None:
    dsn = site.database.fresh_database()
    with site.recorder(dsn, 0, 2) as first, site.recorder(dsn, 1, 2) as second:
        eventually(lambda: site.recorded(dsn) == site.written())
        for running in (first, second):
            assert 'seatline_recorder_lag_seconds{topic="seatline.facts.v1"}' in running.metrics()
    await site.assert_exactly_once(dsn)


async def test_a_recorder_paused_while_another_took_over_ends_when_it_wakes(site: Site) -> None:
    dsn = site.database.fresh_database()
    with site.recorder(dsn) as paused:
        eventually(lambda: site.recorded(dsn) > 0)
        paused.child.send_signal(signal.SIGSTOP)
        with site.recorder(dsn) as heir:
            eventually(lambda: site.recorded(dsn) == site.written())
            paused.child.send_signal(signal.SIGCONT)
            # The heartbeat of an owner is enough to make the woken one write, and find out.
            since = [len(log.values) for log in site.logs]
            for log in site.logs:
                log.write()
            site.append(site.logs, since)
            assert paused.child.wait(20) == EXIT_PROMISE_BROKEN
            eventually(lambda: site.recorded(dsn) == site.written())
            assert heir.child.poll() is None
    await site.assert_exactly_once(dsn)


async def test_a_recorder_waits_for_kafka_and_for_postgres_and_says_so(site: Site) -> None:
    away = f"127.0.0.1:{site.ports()}"
    with site.recorder(site.database.fresh_database(), kafka=away) as running:
        eventually(lambda: "Kafka" in running.readiness().get("started", ""))
        running.child.send_signal(signal.SIGTERM)
        assert running.child.wait(10) == 0
    with site.recorder(f"postgresql://nobody@{away}/nowhere") as running:
        eventually(lambda: "Postgres" in running.readiness().get("recording", ""))
        assert "Postgres is away" in running.log.read_text()
        running.child.send_signal(signal.SIGTERM)
        assert running.child.wait(10) == 0


async def test_a_recreated_topic_and_a_foreign_record_stop_the_recorder(
    tmp_path: Path, site: Site
) -> None:
    dsn = site.database.fresh_database()
    wish = Wish(partitions=PARTITIONS)
    with whole_stack(tmp_path, wish=wish, only=(KAFKA,)) as stack:
        lone = Site(stack.endpoints["kafka"], site.database, tmp_path, site.ports)
        log = facts_log().write(queued())
        lone.append([log])
        with lone.recorder(dsn):
            eventually(lambda: lone.recorded(dsn) == len(log.values))
        recreate(lone.kafka, FACTS_TOPIC)
        lone.append([log])
        with lone.recorder(dsn) as running:
            assert running.child.wait(20) == EXIT_PROMISE_BROKEN
            assert "recreated" in running.log.read_text()
        log.values = [b"\xff nobody of ours wrote this"]
        lone.append([log])
        with lone.recorder(site.database.fresh_database()) as running:
            assert running.child.wait(20) == EXIT_PROMISE_BROKEN
            assert "cannot be understood" in running.log.read_text()


async def test_an_opt_out_becomes_a_withdrawal_once_and_a_restart_publishes_no_second(
    site: Site,
) -> None:
    dsn = site.database.fresh_database()
    with site.recorder(dsn) as running:
        eventually(lambda: site.recorded(dsn) == site.written())
        site.write(site.logs[-1], opted_out("c-opted-out"))
        eventually(lambda: person_key("c-opted-out") in site.withdrawn(), within_s=5)
        gauge = "seatline_recorder_withdrawals_unpublished 0.0"
        eventually(lambda: site.unpublished(dsn) == 0 and gauge in running.metrics())
        running.kill()
    before = site.withdrawn()
    with site.recorder(dsn):
        site.write(site.logs[-1], opted_out("c-later"))
        eventually(lambda: person_key("c-later") in site.withdrawn())
    assert site.withdrawn() == [*before, person_key("c-later")]
    await site.assert_exactly_once(dsn)


def test_a_recorder_killed_between_commit_and_publishing_publishes_all_the_same(
    site: Site,
) -> None:
    dsn = site.database.fresh_database()
    wanted = {f"k-{number}" for number in range(3_000)}
    for name in sorted(wanted):
        site.logs[-1].write(opted_out(name))
    site.append([site.logs[-1]], [len(site.logs[-1].values) - len(wanted)])
    left_behind = 0
    for _ in range(6):
        before = site.recorded(dsn)
        with site.recorder(dsn) as running:
            eventually(lambda before=before: site.recorded(dsn) > before)
            running.kill()
        left_behind = max(left_behind, site.unpublished(dsn))
        if site.recorded(dsn) == site.written():
            break
    assert left_behind
    with site.recorder(dsn):
        eventually(lambda: site.recorded(dsn) == site.written() and site.unpublished(dsn) == 0)
    assert {person_key(name) for name in wanted} <= set(site.withdrawn())


def recreate(kafka: str, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.delete_topics([topic])[topic].result(10)

    def created() -> bool:
        wanted = NewTopic(topic, PARTITIONS, config={"message.timestamp.type": "LogAppendTime"})
        return admin.create_topics([wanted])[topic].exception(10) is None

    eventually(created)

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from services.recorder.adapters.kafka_in import FACTS_TOPIC
from services.stack.identity import Wish
from services.stack.plan import KAFKA, POSTGRES
from tests.integration.recorder_site import (
    EXIT_PROMISE_BROKEN,
    PARTITIONS,
    Site,
    eventually,
    site_of,
)
from tests.support.recorder_entries import opted_out, person_key, queued
from tests.support.recorder_logs import facts_log
from tests.support.stack import Stack, whole_stack


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
    return site_of(stack, folder, unused_tcp_port_factory, contacts=1_500)


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

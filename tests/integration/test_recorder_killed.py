"""A recorder that dies, or meets what must not be, at each step of a batch."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from services.stack.identity import Wish
from services.stack.plan import KAFKA, POSTGRES
from tests.integration.recorder_site import EXIT_PROMISE_BROKEN, PARTITIONS, Site, site_of
from tests.support.postgres_proxy import Cut, PostgresProxy
from tests.support.recorder_entries import confirmed, ended, queued
from tests.support.recorder_logs import facts_log
from tests.support.recorder_world import PostgresWorld, assert_same
from tests.support.stack import Stack, whole_stack

CONTACTS = 60
WITHIN_S = 30.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("killed")
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
    return site_of(stack, folder, unused_tcp_port_factory, CONTACTS)


async def soon(condition: Callable[[], object]) -> None:
    """Wait for a condition; the loop, which passes the recorder's messages on, goes on."""
    async with asyncio.timeout(WITHIN_S):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 (asks a process)
            await asyncio.sleep(0.01)


@dataclass
class Executioner:
    """Kills the recorder at one message of its first batch, and cuts there."""

    step: str
    cut: Cut
    pid: int = 0
    seen: list[str] = field(default_factory=list)

    def __call__(self, kind: bytes, body: bytes) -> Cut:
        if kind == b"Q" and body.startswith(b"COPY"):
            self.seen.append("copy")
        elif kind == b"d":
            self.seen.append("row")
        elif kind == b"c":
            self.seen.append("copied")
        elif "copied" in self.seen and kind == b"Q" and body.startswith(b"COMMIT"):
            self.seen.append("commit")
        elif "copied" in self.seen:
            self.seen.append("after copy")
        else:
            return Cut.NOT
        if self.seen[-1] != self.step:
            return Cut.NOT
        os.kill(self.pid, signal.SIGKILL)
        return self.cut


@pytest.mark.parametrize(
    ("step", "cut"),
    [
        ("copy", Cut.BEFORE),
        ("row", Cut.BEFORE),
        ("copied", Cut.AFTER),
        ("after copy", Cut.BEFORE),
        ("commit", Cut.BEFORE),
        ("commit", Cut.AFTER),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
async def test_a_recorder_killed_at_a_step_of_its_batch_records_all_of_it_once(
    site: Site, step: str, cut: Cut
) -> None:
    dsn = site.database.fresh_database()
    judge = Executioner(step, cut)
    async with PostgresProxy(dsn, judge).open() as proxy:
        with site.recorder(proxy.dsn) as running:
            judge.pid = running.child.pid
            await soon(lambda: running.child.poll() is not None)
    assert (judge.seen[-1], proxy.cuts) == (step, 1)
    if cut is Cut.AFTER and step == "commit":
        await soon(lambda: site.recorded(dsn) > 0)
    else:
        assert site.recorded(dsn) == 0
    with site.recorder(dsn):
        await soon(lambda: site.recorded(dsn) == site.written())
    await site.assert_exactly_once(dsn)


async def test_a_whole_replay_into_an_empty_database_gives_the_same_rows(site: Site) -> None:
    first, second = site.database.fresh_database(), site.database.fresh_database()
    with site.recorder(first):
        await soon(lambda: site.recorded(first) == site.written())
    with site.recorder(second, 0, 2), site.recorder(second, 1, 2):
        await soon(lambda: site.recorded(second) == site.written())
    await assert_same(PostgresWorld(second), PostgresWorld(first))


async def test_a_missing_partition_stops_the_recorder_with_what_to_correct(site: Site) -> None:
    with site.recorder(site.database.fresh_database(), partitions=PARTITIONS + 1) as running:
        await soon(lambda: running.child.poll() is not None)
        assert running.child.returncode == EXIT_PROMISE_BROKEN
        said = running.log.read_text()
    assert f"has {PARTITIONS} partitions" in said
    assert "correct SEATLINE_PARTITIONS or the topic" in said


async def test_a_conflict_is_kept_and_paged_and_recording_goes_on(
    tmp_path: Path, site: Site
) -> None:
    dsn = site.database.fresh_database()
    wish = Wish(partitions=PARTITIONS)
    with whole_stack(tmp_path, wish=wish, only=(KAFKA,)) as stack:
        lone = Site(stack.endpoints["kafka"], site.database, tmp_path, site.ports)
        here, there = facts_log(0).write(confirmed()), facts_log(1).write(confirmed(session="s-2"))
        lone.append([here])
        with lone.recorder(dsn) as running:
            await soon(lambda: lone.recorded(dsn) == len(here.values))
            lone.append([there])
            total = "seatline_recorder_conflicts_total 1.0"
            await soon(lambda: total in running.metrics())
            page = '"event":"conflict: a promise was broken","level":"error"'
            assert page in running.log.read_text()
            before = len(here.values)
            lone.append([here.write(ended()).write(queued("c-2"))], [before])
            await soon(lambda: lone.recorded(dsn) == len(here.values) + len(there.values))
            assert running.child.poll() is None
        kept = "SELECT kind || ' ' || contact_id || ' ' || other_session_id FROM seatline.conflict"
        assert lone.database.execute(kept, dsn) == "second_assignment c-1 s-1"
        places = "SELECT string_agg(place, ' ' ORDER BY contact_id) FROM seatline.contact_state"
        assert lone.database.execute(places, dsn) == "ended queued"

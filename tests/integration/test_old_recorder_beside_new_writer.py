"""A recorder of the version before a new kind of fact, beside a writer that begins to write it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seatline.facts.v1 import facts_pb2, session_pb2
from services.stack.identity import Wish
from services.stack.layout import REPOSITORY
from services.stack.plan import KAFKA, POSTGRES
from tests.integration.test_recorder_process import EXIT_PROMISE_BROKEN, PARTITIONS, Site
from tests.support.eventually import eventually
from tests.support.newer_wire import NEWER
from tests.support.older_wire import wire_without
from tests.support.recorder_entries import queued
from tests.support.recorder_logs import facts_log
from tests.support.stack import Database, whole_stack

NEW_KIND = "session_gone"


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, unused_tcp_port_factory: Callable[[], int]
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("versions")
    wish = Wish(partitions=PARTITIONS)
    with whole_stack(folder, wish=wish, only=(KAFKA, POSTGRES)) as stack:
        database = Database(stack.layout)
        yield Site(stack.endpoints["kafka"], database, folder, unused_tcp_port_factory)


async def test_it_reads_until_the_first_new_kind_stops_there_and_goes_on_there_when_upgraded(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = site.database.fresh_database()
    log = facts_log().write(queued("c-1")).write(queued("c-2"))
    site.logs = [log]
    site.append(site.logs)
    with monkeypatch.context() as older:
        path = [str(wire_without(NEW_KIND, tmp_path)), str(REPOSITORY)]
        older.setenv("PYTHONPATH", os.pathsep.join(path))
        with site.recorder(dsn) as old:
            eventually(lambda: site.recorded(dsn) == len(log.values))
            known = len(log.values)
            site.write(log, queued("c-3"))
            eventually(lambda: site.recorded(dsn) == known + 1)
            site.write(log, facts_pb2.Fact(session_gone=session_pb2.SessionGone(session_id="s-1")))
            site.write(log, queued("c-4"))
            assert old.child.wait(20) == EXIT_PROMISE_BROKEN
            said = old.log.read_text()
        assert f"facts.v1/0: the record at offset {known + 1}" in said
        assert "upgrade this reader" in said
        assert "Traceback" not in said
        assert site.recorded(dsn) == known + 1
        with site.recorder(dsn) as old:
            assert old.child.wait(20) == EXIT_PROMISE_BROKEN
        assert site.recorded(dsn) == known + 1
    with site.recorder(dsn):
        eventually(lambda: site.recorded(dsn) == len(log.values))
    await site.assert_exactly_once(dsn)


async def test_it_stops_at_a_fence_for_newer_readers_with_all_before_it_recorded(
    site: Site,
) -> None:
    dsn = site.database.fresh_database()
    log = facts_log(1).write(queued("c-1")).fence(version=NEWER)
    site.append([log])
    with site.recorder(dsn) as one:
        assert one.child.wait(20) == EXIT_PROMISE_BROKEN
        assert f"readers of version {NEWER}" in one.log.read_text()
    where = f"topic = '{log.tp[0]}' AND partition = {log.tp[1]}"
    query = f"SELECT next_offset FROM seatline.recorder_position WHERE {where}"  # noqa: S608
    assert site.database.execute(query, dsn) == "2"

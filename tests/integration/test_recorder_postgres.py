import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest

from seatline.commands.v1 import commands_pb2
from services.recorder.adapters.postgres import PostgresOutcomeStore
from services.recorder.adapters.rows_out import RowWriter
from services.recorder.domain.batch import BatchRows
from services.recorder.domain.entries import Position
from services.runtime.errors import PromiseBrokenError, TransientError
from services.runtime.postgres import CONNECTION_LOST
from tests.support.postgres_proxy import Cut, PostgresProxy
from tests.support.recorder_entries import amended, confirmed, ended, queued, routed
from tests.support.recorder_logs import LogWriter, facts_log, lives, rulings_log
from tests.support.recorder_world import (
    FakeWorld,
    PostgresWorld,
    assert_same,
    ids,
    open_world,
    record,
    run_to_the_end,
    source_of,
)
from tests.support.stack import Database

CUTS = 8


@dataclass
class Place:
    dsn: str
    world: PostgresWorld


@pytest.fixture
async def place(postgres_server: Database) -> AsyncIterator[Place]:
    dsn = postgres_server.fresh_database()
    async with open_world(dsn) as world:
        assert isinstance(world, PostgresWorld)
        yield Place(dsn, world)


def is_commit(kind: bytes, body: bytes) -> bool:
    return kind == b"Q" and body.startswith(b"COMMIT")


@pytest.mark.parametrize("cut", [Cut.BEFORE, Cut.AFTER])
async def test_a_connection_lost_at_commit_neither_loses_nor_doubles_a_row(
    place: Place, cut: Cut
) -> None:
    chance = random.Random(1)
    logs = lives(seed=1, contacts=60, partitions=2)
    cuts: list[bool] = []

    def judge(kind: bytes, body: bytes) -> Cut:
        if is_commit(kind, body):
            cuts.append(chance.random() < 0.4 and sum(cuts) < CUTS)
            return cut if cuts[-1] else Cut.NOT
        return Cut.NOT

    async with PostgresProxy(place.dsn, judge).open() as proxy:
        store = PostgresOutcomeStore(proxy.dsn, "recorder-0")
        await run_to_the_end(store, *logs, limit=15)
        await store.close()
        assert proxy.cuts == CUTS
    whole = FakeWorld()
    await record(whole.store(), *logs)
    await assert_same(place.world, whole)


@pytest.mark.parametrize("seed", range(2))
async def test_a_connection_lost_at_any_message_neither_loses_nor_doubles_a_row(
    place: Place, seed: int
) -> None:
    chance = random.Random(seed)
    logs = lives(seed=seed, contacts=60, partitions=2)
    cuts: list[bool] = []

    def judge(kind: bytes, body: bytes) -> Cut:
        del kind, body
        cuts.append(chance.random() < 0.02 and sum(cuts) < CUTS)
        return chance.choice((Cut.BEFORE, Cut.AFTER)) if cuts[-1] else Cut.NOT

    async with PostgresProxy(place.dsn, judge).open() as proxy:
        store = PostgresOutcomeStore(proxy.dsn, "recorder-0")
        await run_to_the_end(store, *logs, limit=20)
        await store.close()
        assert proxy.cuts == CUTS
    whole = FakeWorld()
    await record(whole.store(), *logs)
    await assert_same(place.world, whole)


async def test_a_server_that_falls_silent_is_away_within_the_deadline(place: Place) -> None:
    log = facts_log().write(queued())

    def judge(kind: bytes, body: bytes) -> Cut:
        return Cut.STALL if is_commit(kind, body) else Cut.NOT

    async with PostgresProxy(place.dsn, judge).open() as proxy:
        store = PostgresOutcomeStore(proxy.dsn, "recorder-0", deadline_s=0.5)
        with pytest.raises(TransientError, match="did not answer within"):
            await store.claim(ids([log]), None)
        await store.close()


async def test_a_recorder_paused_inside_a_transaction_holds_its_successor_up_only_for_a_while(
    place: Place,
) -> None:
    log = facts_log().write(queued())
    tp = log.tp
    await place.world.store().claim(ids([log]), None)
    paused = await asyncpg.connect(
        place.dsn, server_settings={"idle_in_transaction_session_timeout": "500"}
    )
    try:
        await paused.execute("BEGIN")
        await paused.execute("UPDATE seatline.recorder_position SET next_offset = 9")
        claimed = await place.world.store().claim(ids([log]), None)
        assert claimed[tp].next_offset == 0
        with pytest.raises(CONNECTION_LOST):
            await paused.execute("COMMIT")
    finally:
        paused.terminate()


async def test_a_recorder_paused_amid_its_rows_holds_its_successor_up_only_for_a_while(
    place: Place,
) -> None:
    log = facts_log().write(queued())
    await place.world.store().claim(ids([log]), None)
    amid, woken = asyncio.Event(), asyncio.Event()

    async def rows() -> AsyncIterator[bytes]:
        yield b"1\n"
        amid.set()
        await woken.wait()

    paused = await asyncpg.connect(place.dsn, server_settings={"application_name": "recorder-0"})
    try:
        await paused.execute("BEGIN; CREATE TEMPORARY TABLE amid (number integer)")
        await paused.execute("UPDATE seatline.recorder_position SET next_offset = 9")
        copying = asyncio.create_task(paused.copy_to_table("amid", source=rows()))
        await amid.wait()
        store = place.world.store()
        # It may wait as long as a lock may; the next attempt finds whom to end.
        with pytest.raises(TransientError, match="LockNotAvailable"):
            await store.claim(ids([log]), None)
        claimed = await store.claim(ids([log]), None)
        assert claimed[log.tp].next_offset == 0
        woken.set()
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await copying
    finally:
        paused.terminate()


async def test_two_recorders_that_record_the_same_contacts_at_once_agree_on_them(
    place: Place,
) -> None:
    names = [f"c-{number}" for number in range(300)]
    backwards = list(reversed(names))
    rulings, facts = rulings_log(), facts_log()
    for forth, back in zip(names, backwards, strict=True):
        rulings.write(routed(forth))
        facts.write(queued(back), confirmed(back, session=back))
    await asyncio.gather(
        run_to_the_end(place.world.store(), rulings, limit=50),
        run_to_the_end(place.world.store(), facts, limit=50),
    )
    states = await place.world.rows("contact_state")
    assert {row["place"] for row in states} == {"confirmed"}
    assert len(states) == len(await place.world.rows("contact")) == len(names)


async def batch_of(log: LogWriter) -> BatchRows:
    source = source_of(log)
    await source.start({log.tp: Position(0, 0)})
    rows = BatchRows()
    for read in (await source.gather(100)).records:
        rows.add(read)
    return rows


@pytest.mark.parametrize("first", ["end", "word"])
async def test_an_end_and_a_word_on_it_that_two_recorders_write_at_once_find_each_other(
    place: Place, first: str
) -> None:
    logs = [
        facts_log(0).write(confirmed()).write(ended()),
        facts_log(1).write(amended(commands_pb2.DISPOSITION_BUSY)),
    ]
    slow, quick = logs if first == "end" else reversed(logs)
    connection = await asyncpg.connect(place.dsn)
    try:
        async with connection.transaction():
            await RowWriter(connection).write(await batch_of(slow))
            other = asyncio.create_task(record(place.world.store(), quick))
            blocked = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
            async with asyncio.timeout(10):
                while not (other.done() or await connection.fetchval(blocked)):  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
        await other
    finally:
        await connection.close()
    assert [row["disposition"] for row in await place.world.rows("outcome")] == ["busy"]
    words = await place.world.rows("outcome_amendment")
    assert [row["verdict"] for row in words] == ["amended"]


async def test_a_rows_day_that_nobody_made_ahead_is_kept_all_the_same(place: Place) -> None:
    await record(place.world.store(), facts_log().write(queued()))
    assert len(await place.world.rows("decision_default")) == 1
    assert len(await place.world.rows("decision")) == 1


async def test_days_ahead_are_made_and_filled(place: Place) -> None:
    connection = await asyncpg.connect(place.dsn)
    try:
        make = "SELECT seatline.make_decision_days($1::text::date, 2)"
        assert await connection.fetchval(make, "2026-02-02") == 2
        assert await connection.fetchval(make, "2026-02-02") == 0
    finally:
        await connection.close()
    # Noon of the logs lies on 2026-02-02.
    await record(place.world.store(), facts_log().write(queued()))
    assert len(await place.world.rows("decision_20260202")) == 1


async def test_a_day_whose_rows_lie_in_the_default_partition_stays_there(place: Place) -> None:
    await record(place.world.store(), facts_log().write(queued()))
    connection = await asyncpg.connect(place.dsn)
    try:
        make = "SELECT seatline.make_decision_days($1::text::date, 2)"
        assert await connection.fetchval(make, "2026-02-02") == 1
    finally:
        await connection.close()
    assert len(await place.world.rows("decision")) == 1


async def test_a_position_set_back_by_hand_stops_the_recorder_before_a_row_is_doubled(
    place: Place,
) -> None:
    log = facts_log().write(queued())
    await record(place.world.store(), log)
    connection = await asyncpg.connect(place.dsn)
    try:
        await connection.execute(
            "UPDATE seatline.recorder_position SET next_offset = 0, epoch = NULL"
        )
    finally:
        await connection.close()
    with pytest.raises(PromiseBrokenError, match="written twice"):
        await record(place.world.store(), log)
    assert len(await place.world.rows("decision")) == 1


async def test_a_database_without_the_schema_is_named_with_its_remedy(
    postgres_server: Database,
) -> None:
    store = PostgresOutcomeStore(postgres_server.fresh_database(migrated=False), "recorder-0")
    with pytest.raises(TransientError, match="run the migrations"):
        await store.claim({("seatline.facts.v1", 0): "id"}, None)


async def test_a_server_that_is_not_there_is_away(unused_tcp_port: int) -> None:
    store = PostgresOutcomeStore(f"postgresql://x@127.0.0.1:{unused_tcp_port}/x", "recorder-0")
    with pytest.raises(TransientError, match="Postgres is away"):
        await store.record({}, BatchRows())


async def test_the_recorder_waits_for_a_server_that_was_restarted(place: Place) -> None:
    logs = lives(seed=3, contacts=30)
    store = PostgresOutcomeStore(place.dsn, "recorder-0")
    recording = asyncio.create_task(run_to_the_end(store, *logs, limit=5))
    other = await asyncpg.connect(place.dsn)
    try:
        for _ in range(3):
            await asyncio.sleep(0.1)
            # What a server does to its clients when it goes down.
            await other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
                "'recorder-0' AND datname = current_database()"
            )
    finally:
        await other.close()
    await recording
    await store.close()
    whole = FakeWorld()
    await record(whole.store(), *logs)
    await assert_same(place.world, whole)


async def test_no_sealed_text_reaches_the_decisions(place: Place) -> None:
    logs = (rulings_log().write(routed()), facts_log().write(queued(), confirmed()))
    await record(place.world.store(), *logs)
    decisions = await place.world.rows("decision")
    assert len(decisions) == 3
    assert not [row for row in decisions if b"sealed" in row["payload"]]
    assert (await place.world.rows("contact"))[0]["sealed"] == b"sealed"


async def test_every_view_can_be_read(place: Place) -> None:
    await record(place.world.store(), *lives(seed=5, contacts=20))
    for view in ("v_contact", "v_due", "v_outcome", "v_centre", "v_live", "v_lag"):
        assert await place.world.rows(view) is not None
    assert {row["topic"] for row in await place.world.rows("v_lag")} == {
        tp[0] for tp in ids(lives(seed=5, contacts=1))
    }

"""What every `OutcomeStore` promises of positions, on its fake and on a real server."""

import random
from collections.abc import AsyncIterator

import pytest

from services.recorder.domain.batch import BatchRows
from services.recorder.domain.entries import LogPoint
from services.recorder.handlers import RecordBatchHandler
from services.runtime.errors import PromiseBrokenError
from tests.support.recorder_entries import confirmed, ended, offered, queued
from tests.support.recorder_logs import facts_log, lives, rulings_log, when
from tests.support.recorder_world import (
    FakeWorld,
    World,
    assert_same,
    ids,
    open_world,
    record,
    source_of,
)


@pytest.fixture(
    params=["fake", "simulated", pytest.param("postgres", marks=pytest.mark.integration)]
)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    real = request.param == "postgres"
    dsn = request.getfixturevalue("postgres_server").fresh_database() if real else None
    async with open_world(dsn, simulated=request.param == "simulated") as opened:
        yield opened


async def test_a_first_claim_starts_every_partition_at_its_beginning(world: World) -> None:
    logs = [rulings_log(), facts_log(3)]
    positions = await world.store().claim(ids(logs), None)
    assert {tp: at.next_offset for tp, at in positions.items()} == {log.tp: 0 for log in logs}


async def test_a_position_moves_with_its_rows_and_is_found_again(world: World) -> None:
    log = facts_log().write(queued()).write(offered())
    await record(world.store(), log)
    position = (await world.store().claim(ids([log]), None))[log.tp]
    assert position.next_offset == 3
    assert position.point is not None
    assert (position.point.epoch, position.point.owner, position.point.seq) == (1, log.owner, 2)
    assert position.log_time == when(log.now_ms)


async def test_replaying_everything_changes_nothing(world: World) -> None:
    logs = lives(seed=1, contacts=20)
    await record(world.store(), *logs)
    before = [await world.rows(table) for table in ("contact", "contact_state", "outcome")]
    assert await record(world.store(), *logs) == []
    assert before == [await world.rows(table) for table in ("contact", "contact_state", "outcome")]


async def test_a_recorder_that_another_has_followed_writes_nothing(world: World) -> None:
    log = facts_log().write(queued())
    slow, quick = world.store(), world.store()
    source = source_of(log)
    positions = await slow.claim(ids([log]), None)
    await source.start(positions)
    reading = await source.gather(10)
    await quick.claim(ids([log]), None)
    with pytest.raises(PromiseBrokenError):
        await RecordBatchHandler(slow)(reading)
    with pytest.raises(PromiseBrokenError):
        await slow.claim(ids([log]), positions)
    assert await world.rows("decision") == []


@pytest.mark.parametrize("epoch", [1, 2], ids=["overtaken", "lost the fence"])
@pytest.mark.parametrize("owners_records", [0, 1], ids=["behind the fence", "behind a record"])
async def test_a_zombies_record_that_is_next_after_a_restart_moves_the_position_and_nothing_else(
    world: World, epoch: int, owners_records: int
) -> None:
    log = facts_log().write(queued()).fence()
    for _ in range(owners_records):
        log.write(offered())
    await record(world.store(), log)
    log.stray(epoch, 5, ended(), queued("c-zombie"))
    await record(world.store(), log)
    position = (await world.store().claim(ids([log]), None))[log.tp]
    assert position.next_offset == len(log.values)
    assert position.point == LogPoint(2, log.owner, owners_records)
    await record(world.store(), log.write(confirmed()))
    assert [row["place"] for row in await world.rows("contact_state")] == ["confirmed"]
    assert await world.rows("outcome") == []
    assert len(await world.rows("decision")) == 2 + owners_records


async def test_the_same_batch_cannot_be_written_twice(world: World) -> None:
    log = facts_log().write(queued())
    store = world.store()
    source = source_of(log)
    await source.start(await store.claim(ids([log]), None))
    reading = await source.gather(10)
    await RecordBatchHandler(store)(reading)
    with pytest.raises(PromiseBrokenError):
        await RecordBatchHandler(store)(reading)
    assert len(await world.rows("decision")) == 1


async def test_a_recreated_topic_is_refused(world: World) -> None:
    tp = facts_log().tp
    await world.store().claim({tp: "first"}, None)
    with pytest.raises(PromiseBrokenError, match="recreated"):
        await world.store().claim({tp: "second"}, None)


async def test_an_empty_batch_still_moves_the_position(world: World) -> None:
    log = facts_log().write().write()
    await record(world.store(), log)
    assert (await world.store().claim(ids([log]), None))[log.tp].next_offset == 3
    assert await world.store().record({}, BatchRows()) is not None


@pytest.mark.parametrize("seed", range(3))
async def test_how_the_logs_are_cut_into_batches_leaves_no_trace(world: World, seed: int) -> None:
    chance = random.Random(seed)
    logs = lives(seed, contacts=40, partitions=3)
    await record(world.store(), *logs, limit=lambda: chance.randint(1, 30))
    whole = FakeWorld()
    await record(whole.store(), *logs)
    await assert_same(world, whole)

"""What every `OutcomeStore` promises of opt-outs, on its fake and on a real server."""

from collections.abc import AsyncIterator

import pytest

from services.recorder.domain.entries import Partition, Position
from services.recorder.domain.rows import DueWithdrawal
from services.recorder.ports import OutcomeStore
from tests.support.recorder_entries import ended, offered, opted_out, person_key, queued, routed
from tests.support.recorder_logs import LogWriter, facts_log, rulings_log
from tests.support.recorder_world import World, ids, open_world, record

LIMIT = 100


@pytest.fixture(
    params=["fake", "simulated", pytest.param("postgres", marks=pytest.mark.integration)]
)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    real = request.param == "postgres"
    dsn = request.getfixturevalue("postgres_server").fresh_database() if real else None
    async with open_world(dsn, simulated=request.param == "simulated") as opened:
        yield opened


async def held(store: OutcomeStore, *logs: LogWriter) -> dict[Partition, Position]:
    return await store.claim(ids(logs), None)


def names(due: list[DueWithdrawal]) -> list[tuple[bytes | None, str | None]]:
    return [(each.person_key, each.contact_id) for each in due]


async def test_an_opt_out_is_due_with_its_person_until_it_is_marked(world: World) -> None:
    store = world.store()
    log = facts_log(1).write(queued()).write(ended(), opted_out())
    await record(store, log)
    mine = await held(store, log)
    due = await store.unpublished(mine, LIMIT)
    (one,) = due.first
    assert one == DueWithdrawal(*log.tp, 2, 1, person_key(), None, "opt_out")
    assert due.total == 1
    await store.mark_published(due.first)
    assert (await store.unpublished(mine, LIMIT)).total == 0
    await store.mark_published(due.first)
    (row,) = await world.rows("withdrawal")
    assert (row["person_key"], row["kind"]) == (person_key(), "opt_out")


async def test_an_ordered_withdrawal_is_not_due_as_everybody_knows_it(world: World) -> None:
    store = world.store()
    log = facts_log().write(opted_out(provisional=False))
    await record(store, log)
    assert (await store.unpublished(await held(store, log), LIMIT)).total == 0


async def test_an_opt_out_of_a_contact_takes_its_person_from_the_bank(world: World) -> None:
    store = world.store()
    facts = facts_log().write(opted_out(person_known=False))
    await record(store, rulings_log().write(routed()), facts)
    due = await store.unpublished(await held(store, facts), LIMIT)
    assert names(list(due.first)) == [(person_key(), "c-1")]
    await store.mark_published(due.first)
    (row,) = await world.rows("withdrawal")
    assert (row["person_key"], row["contact_id"]) == (person_key(), "c-1")
    assert (await store.unpublished(await held(store, facts), LIMIT)).total == 0


async def test_an_opt_out_whose_person_is_learnt_late_is_due_once_more(world: World) -> None:
    store = world.store()
    facts = facts_log().write(opted_out(person_known=False))
    await record(store, facts)
    mine = await held(store, facts)
    alone = await store.unpublished(mine, LIMIT)
    assert names(list(alone.first)) == [(None, "c-1")]
    await store.mark_published(alone.first)
    assert (await store.unpublished(mine, LIMIT)).total == 0
    await record(store, rulings_log().write(routed()))
    whole = await store.unpublished(mine, LIMIT)
    assert names(list(whole.first)) == [(person_key(), "c-1")]
    await store.mark_published(whole.first)
    assert (await store.unpublished(mine, LIMIT)).total == 0


async def test_the_oldest_opt_outs_come_first_and_all_are_counted(world: World) -> None:
    store = world.store()
    late = facts_log(0).write(opted_out("c-3"), after_ms=9_000)
    early = facts_log(1).write(opted_out("c-1"), opted_out("c-2"))
    await record(store, late, early)
    due = await store.unpublished(await held(store, late, early), 2)
    assert names(list(due.first)) == [(person_key("c-1"), None), (person_key("c-2"), None)]
    assert due.total == 3


async def test_only_the_recorder_that_holds_the_partition_publishes(world: World) -> None:
    first, heir = world.store(), world.store()
    mine, other = facts_log(0).write(opted_out("c-1")), facts_log(1).write(opted_out("c-2"))
    await record(first, mine, other)
    before = await held(first, mine)
    due = await first.unpublished(before, LIMIT)
    assert names(list(due.first)) == [(person_key("c-1"), None)]
    after = await held(heir, mine)
    assert (await first.unpublished(before, LIMIT)).total == 0
    assert (await heir.unpublished(after, LIMIT)).total == 1


async def test_replaying_everything_makes_nothing_due_again(world: World) -> None:
    store = world.store()
    log = facts_log().write(queued(), offered()).write(opted_out())
    await record(store, log)
    mine = await held(store, log)
    await store.mark_published((await store.unpublished(mine, LIMIT)).first)
    await record(world.store(), log)
    assert (await store.unpublished(await held(store, log), LIMIT)).total == 0
    assert len(await world.rows("withdrawal")) == 1

"""A recorder whose logs were lost and began anew."""

import asyncpg

from seatline.rulings.v1 import rulings_pb2
from tests.support.recorder_entries import confirmed, ended, opted_out, queued, refused, routed
from tests.support.recorder_logs import LogWriter, facts_log, rulings_log
from tests.support.recorder_world import World, open_world, record
from tests.support.stack import Database

BEGUN_ANEW = """
UPDATE seatline.recorder_position
SET offset_base = offset_base + next_offset, next_offset = 0, epoch = NULL, owner = NULL,
    seq = NULL, log_time = NULL
"""


async def begin_anew(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(BEGUN_ANEW)
    finally:
        await connection.close()


async def opt_outs(world: World) -> list[tuple[int, bytes]]:
    rows = await world.rows("withdrawal")
    return sorted((row["record_offset"], row["person_key"]) for row in rows)


async def test_what_stands_at_the_same_offset_of_the_next_log_is_kept_beside_it(
    postgres_server: Database,
) -> None:
    dsn = postgres_server.fresh_database()
    async with open_world(dsn) as world:
        await record(world.store(), facts_log().write(opted_out("a")))
        await begin_anew(dsn)
        await record(world.store(), facts_log().write(opted_out("b")))
        found = await opt_outs(world)
        decided = await world.rows("decision")
    assert [offset for offset, _ in found] == [1, 3]
    assert len({person for _, person in found}) == 2
    assert sorted(row["record_offset"] for row in decided) == [1, 3]


async def test_a_release_moves_on_though_its_new_log_is_shorter_than_the_lost_one(
    postgres_server: Database,
) -> None:
    dsn = postgres_server.fresh_database()
    long_log = facts_log().write(queued())
    for _ in range(20):
        long_log.write()
    async with open_world(dsn) as world:
        await record(world.store(), long_log.write(queued("c-2")))
        await begin_anew(dsn)
        await record(world.store(), facts_log().write(confirmed("c-2")).write(ended("c-2")))
        (row,) = [row for row in await world.rows("contact_state") if row["contact_id"] == "c-2"]
    assert row["place"] == "ended"


async def test_a_mark_leaves_its_release_where_the_lost_log_left_it(
    postgres_server: Database,
) -> None:
    dsn = postgres_server.fresh_database()
    rulings: LogWriter = rulings_log().write(routed())
    async with open_world(dsn) as world:
        await record(world.store(), rulings, facts_log().write(queued()).write(ended()))
        await begin_anew(dsn)
        before = [await world.rows(table) for table in ("contact", "contact_state")]
        mark = refused("c-1", 1, rulings_pb2.REFUSED_REASON_RECORDED)
        await record(world.store(), rulings_log().write(mark))
        assert [await world.rows(table) for table in ("contact", "contact_state")] == before
        assert "refused" in {row["kind"] for row in await world.rows("decision")}

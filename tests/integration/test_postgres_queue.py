import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from bench.peers.postgres_queue.check import ContactRow, Holding, check
from bench.peers.postgres_queue.database import CallerRow, Server, fresh_database, seat
from bench.peers.postgres_queue.run import Options, run
from bench.peers.postgres_queue.steps import SQL, Connection
from services.simulator.settings import LoadOptions
from tests.support.stack import Database

WORKERS = 6
CALLERS = 8
CONTACTS = 300
CROWD = 60
ROUNDS = 10
ANY, HINDI, TAMIL = 0, 1, 2
RACE_WITHIN_S = 60.0


@pytest.fixture
def server(postgres_server: Database) -> Server:
    return Server(postgres_server.dsn)


@pytest.fixture
async def connection(server: Server) -> AsyncIterator[Connection]:
    async with fresh_database(server) as connection:
        yield connection


async def call(connection: Connection, name: str, *items: tuple[Any, ...]) -> list[Any]:
    """Run a step as its workers do, and give what it returned."""
    rows = await connection.fetch(SQL[name], *map(list, zip(*items, strict=True)))
    return [tuple(row) for row in rows]


async def idle(connection: Connection, *callers: CallerRow) -> None:
    await seat(connection, callers)
    for caller in callers:
        await call(connection, "ready", (caller.caller_id,))


async def test_a_small_run_is_clean_and_complete(server: Server) -> None:
    load = LoadOptions(sessions=450, rate=50.0, warmup=1.0, seconds=4.0, aht=1.0)
    result = await run(server, Options(load, lease_s=2.0), lambda _: None)
    assert result["ok"], result["faults"]
    assert result["contacts"] == result["finished"] > 50 * 5
    assert (result["lost"], result["doubled"], result["open"]) == (0, 0, 0)
    assert result["offers"] >= result["contacts"]
    assert result["offer_ms"]["n"] == 50 * 4
    assert result["outcome_durable_ms"]["n"] > 0
    assert result["waited"] > 0


async def test_a_run_leaves_no_database_behind(server: Server) -> None:
    async with fresh_database(server):
        pass
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await server.connect()


@pytest.mark.parametrize(("on", "setting"), [(True, "on"), (False, "off")])
async def test_commits_are_synchronous_unless_asked_otherwise(
    postgres_server: Database, on: bool, setting: str
) -> None:
    async with fresh_database(Server(postgres_server.dsn, on)) as connection:
        assert await connection.fetchval("SHOW synchronous_commit") == setting


async def test_the_longest_idle_caller_gets_the_contact_of_most_priority_then_age(
    connection: Connection,
) -> None:
    await call(connection, "arrive", *((n, 0, ANY, p, b"") for n, p in enumerate([5, 5, 9, 1])))
    await idle(connection, *(CallerRow(n, 0, HINDI) for n in (3, 1, 2)))
    given = await call(connection, "dispatch", (0,))
    assert [(contact, caller) for _, contact, _, caller in given] == [(2, 3), (0, 1), (1, 2)]


async def test_a_contact_goes_only_to_its_centre_and_to_one_who_speaks_its_language(
    connection: Connection,
) -> None:
    callers = [CallerRow(0, 0, HINDI), CallerRow(1, 0, HINDI | TAMIL), CallerRow(2, 1, TAMIL)]
    await idle(connection, *callers)
    assert await call(connection, "arrive", (0, 0, TAMIL, 5, b"")) == [("offered", 0, 1, 1)]
    assert await call(connection, "arrive", (1, 0, TAMIL, 9, b"")) == []
    # The one who waits for a language does not hold up the next.
    assert await call(connection, "arrive", (2, 0, ANY, 1, b"")) == [("offered", 2, 1, 0)]


async def test_a_step_out_of_turn_changes_nothing(connection: Connection) -> None:
    await idle(connection, CallerRow(0, 0, HINDI))
    await call(connection, "arrive", (0, 0, ANY, 5, b"seal"))
    held = (0, 0, 1)
    assert await call(connection, "confirm", held) == []
    assert await call(connection, "accept", (0, 0, 2)) == []
    assert await call(connection, "accept", held) == [held]
    assert await call(connection, "accept", held) == []
    assert await call(connection, "decline", held) == []
    assert await call(connection, "ready", (0,)) == []
    assert await call(connection, "confirm", held) == [(*held, b"seal")]
    assert await call(connection, "hang_up", held) == [held]
    ended = (*held, "reached", False, 0)
    assert await call(connection, "finish", ended) == [("saved", 0, 1, 0)]
    assert await call(connection, "finish", ended) == []


async def test_a_declined_contact_keeps_its_place_and_its_caller_goes_to_the_back(
    connection: Connection,
) -> None:
    await idle(connection, CallerRow(0, 0, HINDI))
    await call(connection, "arrive", (7, 0, ANY, 5, b""), (8, 0, ANY, 5, b""))
    assert await call(connection, "decline", (7, 0, 1)) == [(7, 0, 1)]
    await idle(connection, CallerRow(1, 0, HINDI))
    given = await call(connection, "dispatch", (0,))
    assert given == [("offered", 7, 2, 0), ("offered", 8, 1, 1)]


async def test_a_caller_who_rests_gets_nothing_until_it_is_ready(connection: Connection) -> None:
    await idle(connection, CallerRow(0, 0, HINDI))
    await call(connection, "arrive", (0, 0, ANY, 5, b""), (1, 0, ANY, 5, b""))
    for step in ("accept", "confirm"):
        await call(connection, step, (0, 0, 1))
    resting = (0, 0, 1, "busy", True, 0)
    assert await call(connection, "finish", resting) == [("saved", 0, 1, 0)]
    assert await call(connection, "dispatch", (0,)) == []
    await call(connection, "ready", (0,))
    assert await call(connection, "dispatch", (0,)) == [("offered", 1, 1, 0)]


class Race:
    """Workers that take every step of whatever they are given, all in two centres."""

    def __init__(self) -> None:
        self.journal: list[dict[str, Any]] = []
        self.ended = 0

    async def work(self, connection: Connection, contacts: range) -> None:
        """Bring contacts in one by one and see calls through, until everybody's are over."""
        for number in contacts:
            self.journal.append({"kind": "acknowledged", "contact": str(number)})
            told = await call(connection, "arrive", (number, number % 2, ANY, number % 3, b""))
            await self.see_through(connection, told)
        while self.ended < CONTACTS:
            told = await call(connection, "dispatch", (0,), (1,))
            await self.see_through(connection, told)

    async def see_through(self, connection: Connection, told: list[Any]) -> None:
        while told:
            news, number, attempt, caller = told.pop()
            if news == "saved":
                self.ended += 1
                self.note("saved", number, attempt, caller)
                continue
            held = (number, caller, attempt)
            await call(connection, "accept", held)
            for _ in await call(connection, "confirm", held):
                self.note("number", number, attempt, caller)
            self.note("outcome", number, attempt, caller)
            ended = (*held, "reached", False, caller % 2)
            told += await call(connection, "finish", ended)

    def note(self, kind: str, number: int, attempt: int, caller: int) -> None:
        told = {"session": str(caller), "attempt": (str(number), 1, attempt)}
        self.journal.append({"kind": kind, "dialled": False, **told})


@pytest.fixture
async def workers(server: Server, connection: Connection) -> AsyncIterator[list[Connection]]:
    del connection  # the database comes first
    opened = [await server.connect() for _ in range(WORKERS)]
    yield opened
    for each in opened:
        each.terminate()


async def test_racing_dispatchers_pair_a_crowd_with_a_queue_one_to_one(
    connection: Connection, workers: list[Connection]
) -> None:
    for round_ in range(ROUNDS):
        first = round_ * CROWD
        numbers = range(first, first + CROWD)
        await call(connection, "arrive", *((n, 0, ANY, 5, b"") for n in numbers))
        await seat(connection, [CallerRow(n, 0, HINDI) for n in numbers])
        await call(connection, "ready", *((n,) for n in numbers))
        calls = (call(worker, "dispatch", (0,)) for worker in workers)
        given = [row for rows in await asyncio.gather(*calls) for row in rows]
        # Two that held each other's row let both go.
        while left := await call(connection, "dispatch", (0,)):
            given += left
        assert sorted(contact for _, contact, _, _ in given) == list(numbers)
        assert sorted(caller for _, _, _, caller in given) == list(numbers)


async def test_racing_workers_give_every_contact_to_one_caller_and_no_caller_two(
    connection: Connection, workers: list[Connection]
) -> None:
    await idle(connection, *(CallerRow(n, n % 2, HINDI) for n in range(CALLERS)))
    race = Race()
    async with asyncio.timeout(RACE_WITHIN_S), asyncio.TaskGroup() as group:
        for place, worker in enumerate(workers):
            group.create_task(race.work(worker, range(place, CONTACTS, WORKERS)))
    rows = [
        ContactRow(
            contact=str(row["contact_id"]),
            state=row["state"],
            attempt=row["attempt"],
            session=None if row["caller_id"] is None else str(row["caller_id"]),
            confirms=row["confirms"],
            offered_s=row["offered_at"].timestamp(),
            ended_s=row["ended_at"].timestamp(),
        )
        for row in await connection.fetch(SQL["audit_contacts"])
    ]
    callers = await connection.fetch(SQL["audit_callers"])
    found = check(race.journal, rows, [Holding(str(a), str(b)) for a, b in callers])
    assert found.ok, found.faults
    assert (found.finished, found.open) == (CONTACTS, 0)

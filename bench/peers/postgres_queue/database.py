"""The peer's own database: made, filled with callers, read for the check, and dropped."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

import asyncpg

from bench.peers.postgres_queue.steps import SQL, Connection

NAME = "peer_queue"
_MAINTENANCE = "postgres"
_SCHEMA = (
    *("create_state", "create_told", "create_caller", "create_contact"),
    *("index_idle", "index_waiting"),
    *("create_dispatch", "create_arrive", "create_finish"),
)
_PLANS = {
    # Every statement is a look-up by index: a plan made while the tables were empty would stay.
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "plan_cache_mode": "force_generic_plan",
}


class CallerRow(NamedTuple):
    """A caller, busy until it signs in."""

    caller_id: int
    centre_id: int
    languages: int
    """A bit for each that is spoken."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where the database is, and how its sessions commit."""

    dsn: str
    """Of any database on the server."""
    synchronous_commit: bool = True

    async def connect(self, name: str = NAME) -> Connection:
        """Open a session for the statements of the queue."""
        commit = "on" if self.synchronous_commit else "off"
        settings = {**_PLANS, "synchronous_commit": commit}
        return await asyncpg.connect(_address(self.dsn, name), server_settings=settings)


@asynccontextmanager
async def fresh_database(server: Server) -> AsyncIterator[Connection]:
    """Give a session in a database that has the schema and nothing else; drop it afterwards."""
    maintenance = await server.connect(_MAINTENANCE)
    try:
        await maintenance.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        await maintenance.execute(f"CREATE DATABASE {NAME}")
        connection = await server.connect()
        try:
            for name in _SCHEMA:
                await connection.execute(SQL[name])
            yield connection
        finally:
            await connection.close()
            await maintenance.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
    finally:
        await maintenance.close()


async def seat(connection: Connection, callers: Sequence[CallerRow]) -> None:
    """Put callers in, none of them idle yet."""
    await connection.copy_records_to_table("caller", records=callers, columns=CallerRow._fields)
    await connection.execute("VACUUM ANALYZE caller")


def _address(dsn: str, name: str) -> str:
    return urlsplit(dsn)._replace(path=f"/{name}").geturl()

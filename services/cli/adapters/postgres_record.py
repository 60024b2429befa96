"""What the recorder wrote, read from Postgres; never written here."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.resources import files

import asyncpg

from seatline.rulings.v1 import rulings_pb2
from services.cli.domain.places import At, Place, Read, Recorded
from services.cli.errors import NotDoneError, StackAwayError
from services.cli.ports.auditing import Snapshot, Vector
from services.runtime.postgres import CONNECTION_LOST

CONNECT_S = 2.0
ANSWER_S = 30.0
_CHUNK = 5_000


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Open a read-only connection.

    Raises:
        StackAwayError: Postgres does not answer within two seconds, or stops answering.
        NotDoneError: The schema is not there.
    """
    connection = None
    try:
        connection = await asyncpg.connect(
            dsn,
            timeout=CONNECT_S,
            command_timeout=ANSWER_S,
            server_settings={
                "application_name": "seatline-cli",
                "default_transaction_read_only": "on",
            },
        )
        yield connection
    except asyncpg.UndefinedTableError as error:
        raise NotDoneError("Postgres: the schema is not there yet; run `make up`") from error
    except CONNECTION_LOST as error:
        raise StackAwayError(f"Postgres does not answer ({type(error).__name__})") from error
    finally:
        if connection is not None:
            await connection.close(timeout=CONNECT_S)


def sql(name: str) -> str:
    """Return the statement of a file in `sql/`."""
    return (files("services.cli.adapters") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


async def read_vector(connection: "asyncpg.Connection[asyncpg.Record]") -> Vector:
    """Return the recorder's positions."""
    return {
        (row["topic"], row["partition"]): Read(row["next_offset"], row["next_index"])
        for row in await connection.fetch(sql("positions"))
    }


class PostgresRecord:
    """Opens snapshots."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Open a REPEATABLE READ view; see `Record.snapshot`."""
        return self._snapshot()

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[Snapshot]:
        async with (
            connected(self._dsn) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield PostgresSnapshot(connection)


class PostgresSnapshot:
    """One moment of Postgres; every question sees the same rows."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection

    async def vector(self) -> Vector:
        """Return the recorder's positions; see `Snapshot.vector`."""
        return await read_vector(self._connection)

    async def rows(self) -> AsyncIterator[Recorded]:
        """Yield the recorded places; see `Snapshot.rows`."""
        async for row in self._connection.cursor(sql("states"), prefetch=_CHUNK):
            yield _recorded(row)

    async def conflicts(self) -> AsyncIterator[tuple[str, int]]:
        """Yield the conflicts; see `Snapshot.conflicts`."""
        async for row in self._connection.cursor(sql("conflicts"), prefetch=_CHUNK):
            yield row["contact_id"], row["release_id"]


def _recorded(row: asyncpg.Record) -> Recorded:
    at = At(row["partition"], row["record_offset"], row["entry"])
    payload = row["ruling"]
    return Recorded(
        contact_id=row["contact_id"],
        release=row["release_id"],
        place=Place.named(row["place"]),
        ruling=at if row["stage"] == 1 else None,
        dispatcher=(
            None if payload is None else rulings_pb2.Ruling.FromString(payload).routed.partition
        ),
    )

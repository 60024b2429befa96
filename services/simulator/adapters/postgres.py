"""The recorder's tables over a connection of the simulator's own; reads only."""

import asyncio
import contextlib
from collections.abc import Collection
from pathlib import Path

import asyncpg

from services.runtime.errors import TransientError
from services.runtime.postgres import CONNECTION_LOST
from services.simulator.domain.calls import Attempt

_SQL = Path(__file__).parent / "sql"
_ANSWER_S = 20.0


class PostgresRecord:
    """Reads what the recorder wrote; connects when asked, and anew after a break."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def visible(self, contacts: Collection[str]) -> set[tuple[str, int]]:
        """Return (contact, attempt) of those that have an outcome; see `OutcomeStore`."""
        rows = await self._fetch("visible_outcomes", list(contacts))
        return {(row["contact_id"], row["attempt"]) for row in rows}

    async def places(self, run: str) -> dict[str, str]:
        """Return the place of each contact of a run that the recorder knows.

        Raises:
            TransientError: The database is away.
        """
        rows = await self._fetch("places_of_run", *_bounds(run))
        return {row["contact_id"]: row["place"] for row in rows}

    async def recorded(self, run: str) -> set[Attempt]:
        """Return each attempt of a run that an outcome or an amendment names.

        Raises:
            TransientError: The database is away.
        """
        rows = await self._fetch("outcomes_of_run", *_bounds(run))
        rows += await self._fetch("amendments_of_run", *_bounds(run))
        return {Attempt(row["contact_id"], row["release_id"], row["attempt"]) for row in rows}

    async def close(self) -> None:
        """Leave."""
        if self._connection is not None:
            with contextlib.suppress(*CONNECTION_LOST):
                await self._connection.close(timeout=_ANSWER_S)

    async def _fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        async with self._one_at_a_time:
            try:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await asyncpg.connect(self._dsn, timeout=_ANSWER_S)
                return await self._connection.fetch(_sql(query), *arguments, timeout=_ANSWER_S)
            except CONNECTION_LOST as error:
                self._drop()
                raise TransientError(f"Postgres: {type(error).__name__}") from error

    def _drop(self) -> None:
        """Give a connection up: one that broke amid a question never answers another."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


def _bounds(run: str) -> tuple[str, str]:
    """Return the least id of a run and the least id above all of it."""
    return f"{run}-", f"{run}."


def _sql(name: str) -> str:
    return (_SQL / f"{name}.sql").read_text()

"""The edge: what the recorder wrote, in one REPEATABLE READ snapshot, by asyncpg."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import asyncpg

from tests.checker.history import FACTS, CannotCheckError, Key, Log, Row

CONNECT_S = 3.0
ANSWER_S = 60.0
_CHUNK = 5_000

_GONE = (
    *(OSError, asyncpg.PostgresError, asyncpg.InterfaceError),
    # What the driver says when the server cut the connection between two of its messages.
    asyncpg.InternalClientError,
)
_OF_FACTS = "SELECT * FROM seatline.{table} WHERE partition = $1"
_STATEMENTS = {
    "contact_state": "SELECT * FROM seatline.contact_state WHERE partition = $1 AND stage = 2",
    "withdrawal": "SELECT * FROM seatline.withdrawal WHERE topic = $2 AND partition = $1",
    "decision": (
        "SELECT record_offset, entry, kind, payload FROM seatline.decision"
        " WHERE topic = $2 AND partition = $1 ORDER BY record_offset, entry"
    ),
}
_STATES_OF_RULINGS = "SELECT * FROM seatline.contact_state WHERE partition = $1 AND stage < 2"
_ONLY_OF_FACTS = ("outcome", "outcome_amendment", "live_assignment", "conflict")
_POSITIONS = "SELECT * FROM seatline.recorder_position"
_OUTCOMES = (
    "SELECT * FROM seatline.outcome JOIN unnest($1::text[], $2::bigint[])"
    " AS wanted (contact_id, release_id) USING (contact_id, release_id)"
)


class PostgresRows:
    """One moment of the recorder's tables; every question sees the same rows."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._loop = asyncio.new_event_loop()
        self._connection: Any = None
        self._positions: dict[Log, Row] = {}

    def __enter__(self) -> Self:
        try:
            self._loop.run_until_complete(self._open())
        except _GONE as error:
            self._loop.close()
            raise CannotCheckError(f"Postgres does not answer: {type(error).__name__}") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.run_until_complete(self._connection.close(timeout=CONNECT_S))
        self._loop.close()

    async def _open(self) -> None:
        settings = {"application_name": "seatline-checker", "default_transaction_read_only": "on"}
        self._connection = await asyncpg.connect(
            self._dsn, timeout=CONNECT_S, command_timeout=ANSWER_S, server_settings=settings
        )
        await self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        rows = await self._connection.fetch(_POSITIONS)
        self._positions = {(row["topic"], row["partition"]): row for row in rows}

    def position(self, log: Log) -> Row | None:
        """Return the row of `recorder_position` for a log."""
        return self._positions.get(log)

    def of(self, table: str, log: Log) -> Iterator[Row]:
        """Yield the rows of a table that were made from a log; see `Rows.of`."""
        topic, partition = log
        if topic != FACTS and table in _ONLY_OF_FACTS:
            return
        statement = _STATEMENTS.get(table, _OF_FACTS.format(table=table))
        if table == "contact_state" and topic != FACTS:
            statement = _STATES_OF_RULINGS
        given = (partition, topic) if "$2" in statement else (partition,)
        cursor = self._asked(self._connection.cursor(statement, *given))
        base = self._bases().get(log, 0)
        while chunk := self._asked(cursor.fetch(_CHUNK)):
            # Below it are rows of logs that were lost: no log is there to judge them by.
            yield from (_of_log(row, base) for row in chunk if row["record_offset"] >= base)

    def _bases(self) -> dict[Log, int]:
        return {log: row.get("offset_base", 0) for log, row in self._positions.items()}

    def outcomes_of(self, keys: Iterable[Key]) -> Mapping[Key, Row]:
        """Return the rows of `outcome` of some releases."""
        wanted = list(keys)
        names, releases = [key[0] for key in wanted], [key[1] for key in wanted]
        rows = self._asked(self._connection.fetch(_OUTCOMES, names, releases))
        return {(row["contact_id"], row["release_id"]): row for row in rows}

    def _asked(self, question: Any) -> Any:
        async def ask() -> Any:
            return await question

        try:
            return self._loop.run_until_complete(ask())
        except _GONE as error:
            raise CannotCheckError(f"Postgres: {type(error).__name__}: {error}") from error


def _of_log(row: Row, base: int) -> Row:
    return {**row, "record_offset": row["record_offset"] - base} if base else row

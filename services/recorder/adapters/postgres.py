"""Rows and positions in Postgres, one transaction a batch."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg

from services.recorder.adapters.rows_out import SQL, RowWriter
from services.recorder.domain.batch import BatchRows
from services.recorder.domain.entries import LogPoint, Partition, Position
from services.recorder.domain.rows import DueWithdrawal
from services.recorder.ports import Advance, Recorded, Unpublished
from services.runtime.errors import PromiseBrokenError, TransientError
from services.runtime.postgres import CONNECTION_LOST

CONNECT_S = 5.0
TRANSACTION_S = 10.0
"""Below the process's stall limit: a database that hangs is away, not a stalled loop."""

PAUSED = timedelta(seconds=5)
"""A recorder that is paused inside a transaction holds its successor up no longer."""
SESSION = {
    "timezone": "UTC",
    "synchronous_commit": "on",
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": f"{PAUSED.total_seconds():g}s",
}

_AWAY_CLASSES = frozenset({"08", "28", "3D", "3F", "40", "53", "55", "57", "58"})
"""SQLSTATE classes: connection, login, no database or schema yet, rollback, resources, locks,
operator, disk."""
_AWAY_STATES = frozenset({"25P03"})
"""Idle in transaction for too long."""
_NOT_MIGRATED = frozenset({"3F000", "42P01", "42704", "42883"})
"""Schema, table, type or function is not there yet."""


class PostgresOutcomeStore:
    """Keeps rows and positions in schema `seatline`; see `OutcomeStore`."""

    def __init__(self, dsn: str, name: str, deadline_s: float = TRANSACTION_S) -> None:
        """Prepare; connects when first used, and again after a failure.

        Args:
            dsn: Of the database.
            name: Shown in `pg_stat_activity`.
            deadline_s: For one transaction, connecting included.
        """
        self._dsn = dsn
        self._name = name
        self._deadline_s = deadline_s
        self._unanswered = 0
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    async def claim(
        self, topic_ids: Mapping[Partition, str], held: Mapping[Partition, Position] | None
    ) -> dict[Partition, Position]:
        """Become the one recorder of these partitions; see `OutcomeStore.claim`."""
        wanted = sorted(topic_ids)
        columns = _columns(wanted, 2)
        # A claim whose answer was lost may have raised the epoch: that was no rival.
        unanswered, self._unanswered = self._unanswered, self._unanswered + 1
        async with self._transaction() as connection:
            await connection.execute(SQL["end_paused"], PAUSED)
            await connection.execute(
                SQL["introduce_position"], *columns, [topic_ids[tp] for tp in wanted]
            )
            epochs = [held[tp].reader_epoch if held else None for tp in wanted]
            rows = await connection.fetch(SQL["claim_position"], *columns, epochs, unanswered)
            if len(rows) != len(wanted):
                raise PromiseBrokenError(
                    f"recorder_position: another recorder took over from {self._name}; end one of "
                    "the two that run under this slot's name"
                )
            for row in rows:
                _refuse_recreated(row, topic_ids)
        self._unanswered = 0
        return {(row["topic"], row["partition"]): _position(row) for row in rows}

    async def record(self, advances: Mapping[Partition, Advance], rows: BatchRows) -> Recorded:
        """Write rows and positions, all or nothing; see `OutcomeStore.record`."""
        async with self._transaction() as connection:
            # Positions first: a recorder that was overtaken learns it before it writes a row.
            moved = await connection.fetch(SQL["move_position"], *_moves(advances))
            if len(moved) != len(advances):
                raise PromiseBrokenError(
                    f"recorder_position: not where {self._name} left it; another recorder took "
                    "over, or a hand changed it"
                )
            return await RowWriter(connection).write(rows)

    async def unpublished(self, held: Mapping[Partition, Position], limit: int) -> Unpublished:
        """Return withdrawals that are to be published; see `OutcomeStore.unpublished`."""
        mine = _columns(((*tp, at.reader_epoch) for tp, at in sorted(held.items())), 3)
        async with self._transaction() as connection:
            found = await connection.fetch(SQL["unpublished_withdrawals"], *mine, limit)
        rows = [DueWithdrawal(*tuple(row)[:-1]) for row in found]
        return Unpublished(rows, found[0]["total"] if found else 0)

    async def mark_published(self, published: Sequence[DueWithdrawal]) -> None:
        """Keep that these were published; see `OutcomeStore.mark_published`."""
        places = _columns((each[:5] for each in published), 5)
        async with self._transaction() as connection:
            await connection.execute(SQL["mark_withdrawals"], *places)

    async def make_days_ahead(self) -> None:
        """Make the partitions of the coming days; see `OutcomeStore.make_days_ahead`."""
        async with self._transaction() as connection:
            await connection.execute(SQL["make_days"])

    async def close(self) -> None:
        """Let go of the connection; the server undoes what is under way."""
        connection, self._connection = self._connection, None
        if connection is not None:
            # Not a polite close, which would wait for a server that may be away.
            connection.terminate()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """Run one transaction within its deadline; on any failure the connection goes with it.

        That is the rollback: asking a server for one that may be away could wait for ever.
        """
        try:
            async with asyncio.timeout(self._deadline_s):
                connection = await self._connected()
                transaction = connection.transaction()
                await transaction.start()
                yield connection
                await transaction.commit()
        except TimeoutError as error:
            await self.close()
            raise TransientError(
                f"Postgres did not answer within {self._deadline_s:g} s"
            ) from error
        except CONNECTION_LOST as error:
            await self.close()
            raise _named(error) from error
        except BaseException:
            await self.close()
            raise

    async def _connected(self) -> "asyncpg.Connection[asyncpg.Record]":
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(
                self._dsn,
                timeout=CONNECT_S,
                server_settings={**SESSION, "application_name": self._name},
            )
        return self._connection


def _named(error: Exception) -> Exception:
    """Return the failure in the words of `services.runtime.errors`; a bug stays what it is."""
    if isinstance(error, asyncpg.UniqueViolationError):
        return PromiseBrokenError(
            f"{error.table_name}: a row would be written twice; was recorder_position set back by "
            "hand? Restore it, or empty the schema and record the logs anew"
        )
    if not isinstance(error, asyncpg.PostgresError):
        # A value that the driver refuses to send is a bug of ours, not an absence of the server.
        return error if isinstance(error, ValueError) else TransientError(_away(error))
    state = error.sqlstate or ""
    if state in _NOT_MIGRATED:
        return TransientError("Postgres: schema seatline is not there yet; run the migrations")
    if state[:2] in _AWAY_CLASSES or state in _AWAY_STATES:
        return TransientError(_away(error))
    return error


def _away(error: Exception) -> str:
    # The type and not the text: server messages may quote a row.
    return f"Postgres is away: {type(error).__name__}"


def _columns(rows: Iterable[tuple[Any, ...]], width: int) -> list[Sequence[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


def _moves(advances: Mapping[Partition, Advance]) -> list[Sequence[Any]]:
    return _columns(
        (
            (
                *partition,
                step.before.next_offset,
                step.before.reader_epoch,
                step.after.next_offset,
                step.after.point.epoch if step.after.point else None,
                step.after.point.owner if step.after.point else None,
                step.after.point.seq if step.after.point else None,
                step.after.log_time,
            )
            for partition, step in sorted(advances.items())
        ),
        9,
    )


def _position(row: asyncpg.Record) -> Position:
    point = None
    if row["epoch"] is not None:
        point = LogPoint(row["epoch"], row["owner"], row["seq"])
    return Position(
        row["next_offset"], row["reader_epoch"], point, row["log_time"], row["offset_base"]
    )


def _refuse_recreated(row: asyncpg.Record, topic_ids: Mapping[Partition, str]) -> None:
    partition = (row["topic"], row["partition"])
    if row["topic_id"] != topic_ids[partition]:
        raise PromiseBrokenError(
            f"{row['topic']}/{row['partition']}: the topic was recreated (id "
            f"{topic_ids[partition]}, recorded {row['topic_id']}): its offsets mean other records; "
            "bring the old log back; if it is lost, `seatline recover --from-postgres` begins anew"
        )

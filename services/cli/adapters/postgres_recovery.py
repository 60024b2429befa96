"""The record in the hand of a recovery: read, begun anew, and released from."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import starmap
from typing import Any

import asyncpg

from services.cli.adapters.order_facts import Orders, withdrawals_of
from services.cli.adapters.postgres_record import CONNECT_S, sql
from services.cli.domain.recovery import Fate, Known, Verdict
from services.cli.errors import NotDoneError, StackAwayError
from services.cli.ports.recovery import Begun, ByHand, InForce, LostLog, Release, Summary
from services.cli.ports.signature import Signature
from services.runtime.postgres import CONNECTION_LOST

STATEMENT_S = 600.0
"""The longest ones go through every release that there ever was."""
RELEASES_AT_ONCE = 500
LISTED_MAX = 10_000
STEPS = ("withdrawn", "stopped", "marked", "mapped")
_CHUNK = 5_000
_LOCK = "SELECT pg_try_advisory_lock(hashtext('seatline.recover'))"
_COLUMNS = (
    *("contact_id", "recovery_id", "release_id", "place", "session_id", "centre_id", "attempt"),
    *("moved_at", "waits_since", "fate", "not_before"),
)


@asynccontextmanager
async def recovering(dsn: str) -> AsyncIterator["PostgresRecovery"]:
    """Open the record for the one recovery that may work on it.

    Raises:
        StackAwayError: Postgres does not answer, or stops answering.
        NotDoneError: Another recovery works on it, or the schema is not there.
    """
    connection: asyncpg.Connection[asyncpg.Record] | None = None
    try:
        connection = await asyncpg.connect(
            dsn,
            timeout=CONNECT_S,
            command_timeout=STATEMENT_S,
            server_settings={"application_name": "seatline-recover", "timezone": "UTC"},
        )
        if not await connection.fetchval(_LOCK):
            raise NotDoneError("another `seatline recover` works on this stack; wait for it")
        yield PostgresRecovery(connection)
    except asyncpg.UndefinedTableError as error:
        raise NotDoneError("Postgres: the schema is not there yet; run `make up`") from error
    except CONNECTION_LOST as error:
        raise StackAwayError(
            f"Postgres does not answer ({type(error).__name__}); the same command goes on"
        ) from error
    finally:
        if connection is not None:
            # An interrupted statement is undone with its connection.
            connection.terminate()


class PostgresRecovery:
    """See `RecoveryStore`."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection

    async def logs(self) -> list[LostLog]:
        """Return the positions; see `RecoveryStore.logs`."""
        rows = await self._connection.fetch(sql("recover_logs"))
        return [LostLog(*row) for row in rows]

    async def newest(self) -> Begun | None:
        """Return the newest recovery; see `RecoveryStore.newest`."""
        row = await self._connection.fetchrow(sql("recover_newest"))
        if row is None:
            return None
        done = frozenset(step for step in STEPS if row[f"{step}_at"] is not None)
        return Begun(
            row["recovery_id"],
            row["begun_at"],
            row["quiet_until"],
            row["map_version"],
            row["policy_version"],
            done,
        )

    async def in_force(self) -> InForce:
        """Return the recorded orders; see `RecoveryStore.in_force`."""
        orders = Orders()
        async with self._connection.transaction():
            async for row in self._connection.cursor(sql("recover_orders"), prefetch=_CHUNK):
                orders.take(row["partition"], row["payload"])
        withdrawals = withdrawals_of(
            tuple(row) for row in await self._connection.fetch(sql("recover_withdrawals"))
        )
        return orders.in_force(withdrawals)

    async def contacts(self) -> int:
        """Count contacts; see `RecoveryStore.contacts`."""
        return int(await self._connection.fetchval(sql("recover_contacts")))

    async def known(self) -> AsyncIterator[Known]:
        """Yield what is not over; see `RecoveryStore.known`."""
        async with self._connection.transaction(readonly=True):
            async for row in self._connection.cursor(sql("recover_known"), prefetch=_CHUNK):
                yield Known(*row)

    async def begin(
        self,
        signature: Signature,
        begun: Begun,
        topic_ids: Mapping[str, str],
        judge: Callable[[Known], Verdict],
    ) -> int:
        """Begin anew; see `RecoveryStore.begin`."""
        connection = self._connection
        async with connection.transaction():
            recovery_id = int(
                await connection.fetchval(
                    sql("recover_begin"),
                    begun.begun_at,
                    signature.by,
                    signature.why,
                    begun.quiet_until,
                    begun.map_version,
                    begun.policy_version,
                )
            )
            cursor = await connection.cursor(sql("recover_known"))
            while rows := await cursor.fetch(_CHUNK):
                fates = (_fate(recovery_id, known, judge(known)) for known in starmap(Known, rows))
                await connection.copy_records_to_table(
                    "recovered",
                    schema_name="seatline",
                    columns=_COLUMNS,
                    records=[each for each in fates if each is not None],
                )
            await connection.execute(sql("recover_keep_logs"), recovery_id)
            await connection.execute(sql("recover_new_logs"), *zip(*topic_ids.items(), strict=True))
            await connection.execute(sql("recover_close_states"), begun.begun_at)
            await connection.execute(sql("recover_to_bank"), recovery_id, begun.quiet_until)
            await connection.execute(sql("recover_no_assignments"))
        return recovery_id

    async def mark_done(self, recovery_id: int, step: str) -> None:
        """Keep that a step is done; see `RecoveryStore.mark_done`."""
        await self._connection.execute(sql("recover_step"), recovery_id, step)

    async def marks(
        self, recovery_id: int, since: datetime
    ) -> AsyncIterator[list[tuple[str, int]]]:
        """Yield what is to be remembered; see `RecoveryStore.marks`."""
        async with self._connection.transaction(readonly=True):
            cursor = await self._connection.cursor(sql("recover_marks"), recovery_id, since)
            while rows := await cursor.fetch(_CHUNK):
                yield [(row["contact_id"], row["release_id"]) for row in rows]

    async def release(
        self, recovery_id: int, now: datetime, valid_until: datetime
    ) -> list[Release]:
        """Commit the next releases; see `RecoveryStore.release`."""
        # What might be refused as expired on its way is not sent again.
        too_late = now + timedelta(minutes=1)
        await self._connection.execute(sql("recover_give_up"), recovery_id, too_late)
        unsent = await self._unsent(recovery_id)
        if not unsent:
            await self._connection.execute(
                sql("recover_release"), recovery_id, now, valid_until, RELEASES_AT_ONCE
            )
            unsent = await self._unsent(recovery_id)
        return unsent

    async def mark_sent(self, recovery_id: int, sent: Sequence[Release]) -> None:
        """Keep that these were acknowledged; see `RecoveryStore.mark_sent`."""
        names = [each.contact_id for each in sent]
        await self._connection.execute(sql("recover_sent"), recovery_id, names)

    async def summary(self, recovery_id: int) -> Summary:
        """Tell how far it is; see `RecoveryStore.summary`."""
        row: Any = await self._connection.fetchrow(sql("recover_summary"), recovery_id)
        fates: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for each in await self._connection.fetch(sql("recover_fates"), recovery_id):
            fates[each["fate"]][each["place"]] = each["contacts"]
        by_hand = await self._connection.fetch(sql("recover_by_hand"), recovery_id, LISTED_MAX)
        hands = tuple(ByHand(*each) for each in by_hand)
        return Summary(fates, row["released"], row["waiting"], row["next_due_at"], hands)

    async def _unsent(self, recovery_id: int) -> list[Release]:
        rows = await self._connection.fetch(sql("recover_unsent"), recovery_id, RELEASES_AT_ONCE)
        return [_release(row) for row in rows]


def _fate(recovery_id: int, known: Known, verdict: Verdict) -> tuple[object, ...] | None:
    if verdict.fate is Fate.NEVER:
        return None
    return (
        known.contact_id,
        recovery_id,
        *known[1:8],
        verdict.fate.value,
        verdict.not_before,
    )


def _release(row: asyncpg.Record) -> Release:
    return Release(
        contact_id=row["contact_id"],
        release=row["new_release"],
        valid_until=row["valid_until"],
        person_key=row["person_key"],
        seat_id=row["seat_id"] or "",
        segment_id=row["segment_id"] or "",
        language=row["language"] or "",
        campaign=row["campaign"] or "",
        priority=row["priority"],
        due_at=row["wanted_at"],
        sealed=row["sealed"],
    )

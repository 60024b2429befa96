"""Write the rows of one batch within a transaction that somebody else opened."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import asyncpg

from services.recorder.domain.amendments import Amendment, KnownOutcome, judge
from services.recorder.domain.assignments import Step, second_assignment, settle
from services.recorder.domain.batch import BatchRows
from services.recorder.domain.entries import Content
from services.recorder.domain.rows import (
    AmendmentRow,
    AssignmentRow,
    ConflictRow,
    DecisionRow,
    OutcomeRow,
)
from services.recorder.ports import Recorded

SQL = {path.stem: path.read_text("utf-8") for path in (Path(__file__).parent / "sql").glob("*.sql")}
"""Statements by the name of their file."""

_NO_CONTENT = (None,) * (1 + len(Content._fields))


class RowWriter:
    """Writes one batch.

    Every statement takes its rows in the order of their keys, and tables come in one order, so that
    two recorders that meet at a contact wait for each other and never in a circle.
    """

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection
        self._rows: dict[str, int] = {}
        self._conflicts: list[ConflictRow] = []

    async def write(self, rows: BatchRows) -> Recorded:
        """Write all rows; return how many, and what conflicts came to light."""
        if rows.outcomes or rows.amendments:
            await self._connection.execute(SQL["lock_words"], bool(rows.amendments))
        await self._write_decisions(rows.decisions)
        await self._put("contact_state", "put_state", _states(rows))
        await self._put("contact", "put_contact", _contacts(rows))
        if await self._write_outcomes(rows.outcomes) or rows.amendments:
            await self._judge_words(rows.amendments, rows.outcomes)
        await self._settle(rows.assignments)
        await self._write("withdrawal", "put_withdrawal", rows.withdrawals)
        await self._write("control", "put_control", rows.controls)
        await self._write("conflict", "put_conflict", self._conflicts)
        return Recorded(self._rows, self._conflicts)

    async def _write_decisions(self, decisions: Sequence[DecisionRow]) -> None:
        if decisions:
            await self._connection.copy_records_to_table(
                "decision",
                schema_name="seatline",
                columns=DecisionRow._fields,
                records=decisions,
            )
            self._count("decision", len(decisions))

    async def _write_outcomes(self, outcomes: Sequence[OutcomeRow]) -> bool:
        """Write ends; tell whether words on one of them are kept that came before it."""
        in_order = sorted(outcomes, key=_key)
        written = await self._put("outcome", "put_outcome", in_order)
        if len(written) != len(outcomes):
            places = {tuple(row)[:3] for row in written}
            twice = [row for row in outcomes if _place(row) not in places]
            known = await self._outcomes((row.contact_id, row.release_id) for row in twice)
            self._conflicts += [_second_end(row, known) for row in twice]
        return any(row["has_words"] for row in written)

    async def _judge_words(
        self, amendments: Sequence[Amendment], outcomes: Sequence[OutcomeRow]
    ) -> None:
        """Judge new words, and those that were waiting for an end which is new."""
        releases = sorted({*map(_release, amendments), *map(_release, outcomes)})
        found = await self._connection.fetch(SQL["kept_amendments"], *zip(*releases, strict=True))
        kept = [AmendmentRow(*row) for row in found]
        known = await self._outcomes([*map(_release, amendments), *map(_release, kept)])
        changed, history = judge(amendments, kept, known)
        changes = [(*release, word) for release, word in sorted(changed.items())]
        await self._write("outcome", "amend_outcome", changes)
        await self._write("outcome_amendment", "put_amendment", history)

    async def _settle(self, steps: Sequence[Step]) -> None:
        if not steps:
            return
        contacts = sorted({step.contact_id for step in steps})
        found = await self._connection.fetch(SQL["live_assignments"], contacts)
        live = {row.contact_id: row for row in (AssignmentRow(*each) for each in found)}
        settled = settle(steps, live)
        self._conflicts += settled.conflicts
        await self._write("live_assignment", "end_assignment", [(id_,) for id_ in settled.gone])
        written = await self._put("live_assignment", "put_assignment", settled.new)
        if len(written) != len(settled.new):
            await self._note_race(settled.new, {row["contact_id"] for row in written})

    async def _note_race(self, new: Sequence[AssignmentRow], written: set[str]) -> None:
        """Name the assignments that another recorder's transaction beat to the key."""
        beaten = [row for row in new if row.contact_id not in written]
        found = await self._connection.fetch(
            SQL["live_assignments"], [row.contact_id for row in beaten]
        )
        others = {row["contact_id"]: AssignmentRow(*row) for row in found}
        self._conflicts += [second_assignment(row, others.get(row.contact_id)) for row in beaten]

    async def _outcomes(
        self, releases: Iterable[tuple[str, int]]
    ) -> dict[tuple[Any, int], KnownOutcome]:
        keys = sorted(set(releases))
        found = await self._connection.fetch(SQL["known_outcomes"], *zip(*keys, strict=True))
        return {
            (row["contact_id"], row["release_id"]): KnownOutcome(
                row["attempt"], row["session_id"], row["disposition"]
            )
            for row in found
        }

    async def _put(
        self, table: str, statement: str, rows: Sequence[tuple[Any, ...]]
    ) -> Sequence[asyncpg.Record]:
        """Run a statement that takes its rows as one array of them.

        For the tables that every contact comes to: the driver takes half as long as for one array
        a column, as it asks each item of an array what it is.
        """
        return await self._run(table, statement, rows) if rows else []

    async def _write(self, table: str, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run a statement that takes its rows as one array for each column."""
        if rows:
            await self._run(table, statement, *zip(*rows, strict=True))

    async def _run(self, table: str, statement: str, *arrays: object) -> Sequence[asyncpg.Record]:
        written = await self._connection.fetch(SQL[statement], *arrays)
        self._count(table, len(written))
        return written

    def _count(self, table: str, rows: int) -> None:
        self._rows[table] = self._rows.get(table, 0) + rows


def _states(rows: BatchRows) -> list[tuple[Any, ...]]:
    states = rows.states
    # By key alone: pairs of key and row take twice as long to compare.
    return [(*states[release][:-1], *states[release].order) for release in sorted(states)]


def _contacts(rows: BatchRows) -> list[tuple[Any, ...]]:
    """Return one row for each contact of the bank; what says nothing new about it is None."""
    found = []
    for contact_id in sorted(rows.bank):
        bank, content = rows.bank[contact_id], rows.contents.get(contact_id)
        what = (content.content_release, *content.content) if content else _NO_CONTENT
        not_before = rows.not_before.get(contact_id)
        found.append((contact_id, *what, not_before, *bank[1:-1], *bank.order))
    return found


def _release(row: Amendment | AmendmentRow | OutcomeRow) -> tuple[str, int]:
    return (row.contact_id, row.release_id)


def _key(row: OutcomeRow) -> tuple[str, int, int, int]:
    return (row.contact_id, row.release_id, row.record_offset, row.entry)


def _place(row: OutcomeRow) -> tuple[int, int, int]:
    return (row.partition, row.record_offset, row.entry)


def _second_end(row: OutcomeRow, known: dict[tuple[Any, int], KnownOutcome]) -> ConflictRow:
    first = known.get((row.contact_id, row.release_id))
    return ConflictRow(
        "second_end",
        row.contact_id,
        row.release_id,
        row.attempt,
        row.session_id,
        row.release_id,
        first.attempt if first else None,
        first.session_id if first else None,
        row.ended_at,
        *_place(row),
    )

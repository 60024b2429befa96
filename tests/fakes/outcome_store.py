"""An outcome store in memory: what `services.recorder.ports.OutcomeStore` promises, and no more."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.recorder.domain.amendments import KnownOutcome, judge
from services.recorder.domain.assignments import settle
from services.recorder.domain.batch import BatchRows
from services.recorder.domain.entries import ContactId, Partition, Position
from services.recorder.domain.rows import (
    AmendmentRow,
    AssignmentRow,
    ConflictRow,
    ControlRow,
    DueWithdrawal,
    OutcomeRow,
    StateRow,
    WithdrawalRow,
)
from services.recorder.ports import Advance, Recorded, Unpublished
from services.runtime.errors import PromiseBrokenError, TransientError


class InMemoryTables:
    """What a database holds; several stores may share it, as several recorders do."""

    def __init__(self) -> None:
        self.topic_ids: dict[Partition, str] = {}
        self.positions: dict[Partition, Position] = {}
        self.decisions: list[tuple[Any, ...]] = []
        self.states: dict[tuple[ContactId, int], StateRow] = {}
        self.contacts: dict[ContactId, dict[str, Any]] = {}
        self.outcomes: dict[tuple[ContactId, int], OutcomeRow] = {}
        self.amendments: dict[tuple[int, int, int], AmendmentRow] = {}
        self.live: dict[ContactId, AssignmentRow] = {}
        self.conflicts: list[ConflictRow] = []
        self.withdrawals: dict[tuple[Any, ...], WithdrawalRow] = {}
        self.controls: list[ControlRow] = []
        self.published: set[tuple[Any, ...]] = set()

    def person_of(self, row: WithdrawalRow) -> bytes | None:
        bank: Any = self.contacts.get(row.contact_id, {}) if row.contact_id else {}
        return row.person_key or (bank["content"].person_key if "content" in bank else None)


class InMemoryOutcomeStore:
    """Fails where told to: `away` before anything is written, `lose_answer` after all is."""

    def __init__(self, tables: InMemoryTables | None = None) -> None:
        self.tables = tables or InMemoryTables()
        self.away = False
        self.lose_answer = False
        self.claims = 0
        self.days_made = 0

    async def claim(
        self, topic_ids: Mapping[Partition, str], held: Mapping[Partition, Position] | None
    ) -> dict[Partition, Position]:
        self._refuse_away()
        self.claims += 1
        for tp, topic_id in topic_ids.items():
            known = self.tables.positions.setdefault(tp, Position(0, 0))
            if held and held[tp].reader_epoch != known.reader_epoch:
                raise PromiseBrokenError(f"{tp}: another recorder took over")
            if self.tables.topic_ids.setdefault(tp, topic_id) != topic_id:
                raise PromiseBrokenError(f"{tp}: the topic was recreated")
        for tp in topic_ids:
            known = self.tables.positions[tp]
            self.tables.positions[tp] = replace(known, reader_epoch=known.reader_epoch + 1)
        return {tp: self.tables.positions[tp] for tp in topic_ids}

    async def record(self, advances: Mapping[Partition, Advance], rows: BatchRows) -> Recorded:
        self._refuse_away()
        for tp, step in advances.items():
            known = self.tables.positions[tp]
            mine = step.before
            if (known.next_offset, known.reader_epoch) != (mine.next_offset, mine.reader_epoch):
                raise PromiseBrokenError(f"{tp}: not where it was left")
        self.tables.positions.update((tp, step.after) for tp, step in advances.items())
        recorded = self._write(rows)
        if self.lose_answer:
            self.lose_answer = False
            raise TransientError("the answer to COMMIT was lost")
        return recorded

    async def unpublished(self, held: Mapping[Partition, Position], limit: int) -> Unpublished:
        self._refuse_away()
        tables = self.tables
        mine = {
            tp for tp, at in held.items() if tables.positions[tp].reader_epoch == at.reader_epoch
        }
        due = [
            DueWithdrawal(*row[:4], tables.person_of(row), row.contact_id, row.kind)
            for place, row in tables.withdrawals.items()
            if row[:2] in mine
            and (place not in tables.published or tables.person_of(row) != row.person_key)
        ]
        due.sort(key=lambda each: (tables.withdrawals[each[:4]].given_at, each[:4]))
        return Unpublished(due[:limit], len(due))

    async def mark_published(self, published: Sequence[DueWithdrawal]) -> None:
        self._refuse_away()
        for each in published:
            row = self.tables.withdrawals[each[:4]]
            self.tables.published.add(each[:4])
            self.tables.withdrawals[each[:4]] = row._replace(
                person_key=row.person_key or each.person_key
            )

    async def make_days_ahead(self) -> None:
        self._refuse_away()
        self.days_made += 1

    async def close(self) -> None:
        return None

    def _refuse_away(self) -> None:
        if self.away:
            raise TransientError("the store is away")

    def _write(self, rows: BatchRows) -> Recorded:
        conflicts: list[ConflictRow] = []
        self.tables.decisions += rows.decisions
        for release, state in rows.states.items():
            self._put_state(release, state)
        self._put_contacts(rows)
        for outcome in rows.outcomes:
            first = self.tables.outcomes.setdefault(
                (outcome.contact_id, outcome.release_id), outcome
            )
            if first is not outcome:
                conflicts.append(_second_end(outcome, first))
        known = {
            release: KnownOutcome(row.attempt, row.session_id, row.disposition)
            for release, row in self.tables.outcomes.items()
        }
        changed, history = judge(rows.amendments, self.tables.amendments.values(), known)
        for release, word in changed.items():
            row = self.tables.outcomes[release]
            self.tables.outcomes[release] = row._replace(disposition=word)
        self.tables.amendments.update((row[:3], row) for row in history)
        settled = settle(rows.assignments, self.tables.live)
        for gone in settled.gone:
            del self.tables.live[gone]
        self.tables.live.update((row.contact_id, row) for row in settled.new)
        conflicts += settled.conflicts
        self.tables.conflicts += conflicts
        for withdrawal in rows.withdrawals:
            self.tables.withdrawals.setdefault(withdrawal[:4], withdrawal)
        self.tables.controls += rows.controls
        written = Counter(decision=len(rows.decisions), withdrawal=len(rows.withdrawals))
        return Recorded(written, conflicts)

    def _put_state(self, release: tuple[ContactId, int], new: StateRow) -> None:
        old = self.tables.states.get(release)
        if old is None:
            self.tables.states[release] = new
        elif old.order.rank < new.order.rank:
            self.tables.states[release] = new._replace(
                seat_id=new.seat_id or old.seat_id,
                centre_id=new.centre_id or old.centre_id,
                map_version=new.map_version or old.map_version,
                policy_version=new.policy_version or old.policy_version,
            )

    def _put_contacts(self, rows: BatchRows) -> None:
        contacts = self.tables.contacts
        for contact_id, content in rows.contents.items():
            known = contacts.setdefault(contact_id, {})
            if known.get("content_release", -1) < content.content_release:
                known["content_release"] = content.content_release
                known["content"] = content.content
        for contact_id, move in rows.bank.items():
            if move.place == "refused" and contact_id not in contacts:
                continue
            known = contacts.setdefault(contact_id, {})
            old = known.get("move")
            if old is None or (old.release_id, old.order.rank) < (move.release_id, move.order.rank):
                known["move"] = move
        for contact_id, not_before in rows.not_before.items():
            if contact_id in contacts:
                known = contacts[contact_id]
                known["not_before"] = max(known.get("not_before", not_before), not_before)


def _second_end(row: OutcomeRow, first: OutcomeRow) -> ConflictRow:
    return ConflictRow(
        "second_end",
        row.contact_id,
        row.release_id,
        row.attempt,
        row.session_id,
        first.release_id,
        first.attempt,
        first.session_id,
        row.ended_at,
        row.partition,
        row.record_offset,
        row.entry,
    )

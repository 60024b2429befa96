"""Hold promise 2 against the facts: no contact has two live assignments (rule 6.3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.recorder.domain.entries import ContactId
from services.recorder.domain.rows import AssignmentRow, ConflictRow


@dataclass(frozen=True, slots=True)
class AssignmentEnd:
    """The end of an attempt that may have been confirmed."""

    contact_id: ContactId
    release_id: int
    attempt: int
    at: datetime
    partition: int
    record_offset: int
    entry: int


Step = AssignmentRow | AssignmentEnd


class Settled(NamedTuple):
    """What a batch makes of the live assignments."""

    gone: list[ContactId]
    """Contacts whose row goes; one may come back in `new`."""
    new: list[AssignmentRow]
    conflicts: list[ConflictRow]


def settle(steps: Iterable[Step], live: Mapping[ContactId, AssignmentRow]) -> Settled:
    """Apply confirmations and ends to the live assignments of their contacts.

    Partitions have no common order, so steps are taken by the time of their records: a contact that
    ended at one centre and was confirmed at another afterwards is no conflict. Of two overlapping
    assignments the first stays.
    """
    now = dict(live)
    conflicts = []
    for step in sorted(steps, key=_moment):
        other = now.get(step.contact_id)
        if isinstance(step, AssignmentEnd):
            if other is not None and _attempt(other) == _attempt(step):
                del now[step.contact_id]
        elif other is not None:
            conflicts.append(second_assignment(step, other))
        else:
            now[step.contact_id] = step
    gone = [contact for contact, row in live.items() if now.get(contact) is not row]
    new = [row for contact, row in now.items() if live.get(contact) is not row]
    return Settled(sorted(gone), sorted(new, key=lambda row: row.contact_id), conflicts)


def second_assignment(row: AssignmentRow, other: AssignmentRow | None) -> ConflictRow:
    """Describe an assignment of a contact that another one holds."""
    return ConflictRow(
        "second_assignment",
        row.contact_id,
        row.release_id,
        row.attempt,
        row.session_id,
        other.release_id if other else None,
        other.attempt if other else None,
        other.session_id if other else None,
        row.confirmed_at,
        row.partition,
        row.record_offset,
        row.entry,
    )


def _moment(step: Step) -> tuple[datetime, int, int, int]:
    at = step.at if isinstance(step, AssignmentEnd) else step.confirmed_at
    return (at, step.partition, step.record_offset, step.entry)


def _attempt(step: Step) -> tuple[int, int]:
    return (step.release_id, step.attempt)

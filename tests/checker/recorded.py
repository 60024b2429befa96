"""The rows that must follow from the logs (section 6), and how those in Postgres differ."""

from datetime import datetime
from typing import Any, NamedTuple

from tests.checker.fenced import Point
from tests.checker.findings import rule
from tests.checker.history import Row


class Stands(NamedTuple):
    """What `contact_state` must say of a release."""

    stage: int
    record_offset: int
    entry: int
    place: str
    reason: str | None
    centre_id: str | None
    session_id: str | None
    attempt: int | None
    moved_at: datetime


class Over(NamedTuple):
    """What `outcome` must say of a release that has ended."""

    record_offset: int
    entry: int
    attempt: int
    session_id: str | None
    disposition: str
    ended_at: datetime
    attempt_spent: bool


class Word(NamedTuple):
    """A later word on an outcome (rule 4.8)."""

    at: datetime
    partition: int
    record_offset: int
    entry: int
    attempt: int
    session_id: str | None
    disposition: str


class Live(NamedTuple):
    """What `live_assignment` must say of a contact."""

    release_id: int
    attempt: int
    session_id: str | None
    record_offset: int
    entry: int


# --- rules ---------------------------------------------------------------------------------------


@rule("6.1")
def position_row(row: Row, last: Point | None) -> str | None:
    """The recorder's position names the last record that counts below it."""
    kept = None if row["epoch"] is None else Point(row["epoch"], bytes(row["owner"]), row["seq"])
    return None if kept == last else f"it names {kept}, and the log has {last}"


@rule("6.2")
def state_row(wanted: Stands | None, row: Row | None) -> str | None:
    """`contact_state` says where the log leaves each release."""
    return _difference("contact_state", wanted, row)


@rule("promise 1, 6.2")
def outcome_row(wanted: Over | None, row: Row | None) -> str | None:
    """`outcome` has the one end of each release that ended; its disposition is judged apart."""
    if wanted is not None and row is not None:
        wanted = wanted._replace(disposition=row["disposition"])
    return _difference("outcome", wanted, row)


@rule("4.8")
def disposition_row(wanted: str, row: Row) -> str | None:
    """The disposition of an outcome is the last word on it."""
    said = row["disposition"]
    return None if said == wanted else f"outcome says {said!r}, and the last word is {wanted!r}"


@rule("4.8")
def amendment_row(wanted: Word | None, row: Row | None) -> str | None:
    """`outcome_amendment` keeps every later word."""
    if wanted is not None and row is not None:
        wanted = wanted._replace(at=row["amended_at"])
        row = {**row, "at": row["amended_at"]}
    return _difference("outcome_amendment", wanted, row)


@rule("promise 2, 6.3")
def assignment_row(wanted: Live | None, row: Row | None) -> str | None:
    """`live_assignment` has who may be talking to whom, and nobody else."""
    return _difference("live_assignment", wanted, row)


@rule("promise 2, 6.3")
def conflict_row(is_in_log: bool, is_in_table: bool) -> str | None:
    """`conflict` has every second assignment and second end that the log has, and no other."""
    if is_in_log == is_in_table:
        return None
    return "the log has a conflict that the table lacks" if is_in_log else "the log has none there"


@rule("4.8")
def withdrawal_row(is_in_log: bool, is_in_table: bool) -> str | None:
    """`withdrawal` has every opt-out that was given in a call, and no other."""
    if is_in_log == is_in_table:
        return None
    return "an opt-out was given, and the table lacks it" if is_in_log else "nobody opted out there"


@rule("promise 5, 6.1")
def decision_row(entry: Any, row: Row | None) -> str | None:
    """`decision` keeps every ruling and fact that counts, once and unsealed; and no other."""
    if row is None:
        return "an entry of the log is not kept"
    if entry is None:
        return f"a {row['kind']} is kept that the log does not have"
    kept = bytes(row["payload"])
    if kept == entry.SerializeToString() or type(entry).FromString(kept) == entry:
        return None
    return f"the {row['kind']} that is kept is not that of the log"


def _difference(table: str, wanted: Any, row: Row | None) -> str | None:
    if row is None:
        return f"{table} has no row" if wanted is not None else None
    if wanted is None:
        return f"{table} has a row that no entry of the log gives"
    fields = [name for name in wanted._fields if row[name] != getattr(wanted, name)]
    if not fields:
        return None
    shown = ", ".join(f"{name} {row[name]!r}, not {getattr(wanted, name)!r}" for name in fields)
    return f"{table} says {shown}"

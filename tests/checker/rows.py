"""Compares what the recorder wrote with what the logs give, log by log."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.checker.commands import Attempt
from tests.checker.fenced import Accepted, Reigns
from tests.checker.findings import About, Findings, Judgement, Place
from tests.checker.fold_rows import RowsOfFacts, RowsOfRulings, last_word, unsealed
from tests.checker.history import History, Key, Log, Row, Rows
from tests.checker.recorded import (
    Over,
    Stands,
    Word,
    amendment_row,
    assignment_row,
    conflict_row,
    decision_row,
    disposition_row,
    outcome_row,
    position_row,
    state_row,
    withdrawal_row,
)
from tests.checker.witness import Witness

Where = tuple[int, int]
"""Record and entry within a log."""


class NoRows:
    """A history without a database: nothing is recorded, and nothing is compared."""

    def position(self, log: Log) -> Row | None:
        """Return nothing."""
        return None

    def of(self, table: str, log: Log) -> Iterator[Row]:
        """Yield nothing."""
        return iter(())

    def outcomes_of(self, keys: Iterable[Key]) -> dict[Key, Row]:
        """Return nothing."""
        return {}


class RowsCheck:
    """What ties the rows of several logs together."""

    def __init__(self, history: History, found: Findings, witness: Witness) -> None:
        self.rows: Rows = NoRows() if history.rows is None else history.rows
        self.found = found
        self.witness = witness
        self.ruled: dict[Key, Stands] = {}
        """Releases whose row no rulings partition has: it must stand with the facts."""
        self.words: dict[Key, list[Word]] = {}
        self.changed: dict[Key, Over] = {}
        """Ends whose outcome says something else."""

    def close(self) -> None:
        """Judge what hangs on more than one log."""
        for key, wanted in self.ruled.items():
            self.found.ask(state_row, About((), *key), wanted, None)
        touched = self.rows.outcomes_of({*self.words, *self.changed})
        for key, row in touched.items():
            over = self.changed.get(key)
            first = str(row["disposition"]) if over is None else over.disposition
            word = last_word(row, first, self.words.get(key, ()))
            self.found.ask(disposition_row, About((), *key), word, row)


class _Decisions:
    """The rows of `decision` of one log, held against its entries as they come."""

    def __init__(self, check: RowsCheck, log: Log) -> None:
        self._found = check.found
        self._log = log
        self._rows = check.rows.of("decision", log)
        self._next = next(self._rows, None)

    def take(self, where: Where, entry: Any) -> None:
        """Compare the next entry; rows before it are of no entry."""
        self._drop_below(where)
        row = self._next
        if row is None or _where(row) != where:
            self._ask(where, entry, None)
            return
        self._ask(where, unsealed(entry), row)
        self._next = next(self._rows, None)

    def close(self) -> None:
        """Name the rows that are left."""
        self._drop_below((2**63, 0))

    def _drop_below(self, where: Where) -> None:
        while self._next is not None and _where(self._next) < where:
            self._ask(_where(self._next), None, self._next)
            self._next = next(self._rows, None)

    def _ask(self, where: Where, entry: Any, row: Row | None) -> None:
        self._found.ask(decision_row, About((Place(*self._log, *where),)), entry, row)


class LogRows:
    """The rows that one log gave."""

    def __init__(self, check: RowsCheck, log: Log, fold: RowsOfRulings | RowsOfFacts) -> None:
        position = check.rows.position(log)
        self.end = 0 if position is None else int(position["next_offset"])
        """Offset below which the log is recorded."""
        self._position = position
        self._check = check
        self._log = log
        self._fold = fold
        self._decisions = _Decisions(check, log)

    def take(self, accepted: Accepted, entries: Iterable[Any]) -> None:
        """Fold in a record that counts, if it is recorded."""
        if accepted.offset >= self.end:
            return
        for index, entry in enumerate(entries):
            self._decisions.take((accepted.offset, index), entry)
            self._fold.add(entry, accepted.offset, index, accepted.at_ms)

    def compare(self, reigns: Reigns) -> None:
        """Compare all tables, when the log was read to its end."""
        self._decisions.close()
        if self._position is not None:
            about = About((Place(*self._log, self.end),))
            self._check.found.ask(position_row, about, self._position, reigns.below(self.end))
        self._states()
        if isinstance(self._fold, RowsOfFacts):
            _compare_facts(self._check, self._log, self._fold)

    def _states(self) -> None:
        check = self._check
        states = self._fold.states
        for key, wanted, row in paired(states, _keyed(check.rows.of("contact_state", self._log))):
            if wanted is not None and wanted.stage < 2 and row is None:
                check.ruled[key] = wanted
                continue
            if wanted is not None:
                check.ruled.pop(key, None)
            check.found.ask(state_row, _about(self._log, key, row), wanted, row)


def _compare_facts(check: RowsCheck, log: Log, fold: RowsOfFacts) -> None:
    _outcomes(check, log, fold)
    _assignments(check, log, fold)
    _amendments(check, log, fold)
    _places(check, log, "conflict", fold.conflicts, conflict_row)
    _places(check, log, "withdrawal", fold.withdrawals, withdrawal_row)


def _outcomes(check: RowsCheck, log: Log, fold: RowsOfFacts) -> None:
    for key, over, row in paired(fold.outcomes, _keyed(check.rows.of("outcome", log))):
        check.found.ask(outcome_row, _about(log, key, row), over, row)
        if row is not None:
            _tell(check.witness, row)
            if over is not None and over.disposition != row["disposition"]:
                check.changed[key] = over


def _assignments(check: RowsCheck, log: Log, fold: RowsOfFacts) -> None:
    rows = ((row["contact_id"], row) for row in check.rows.of("live_assignment", log))
    for contact_id, live, row in paired(fold.live, rows):
        release = row["release_id"] if live is None and row else live.release_id
        check.found.ask(assignment_row, _about(log, (contact_id, release), row), live, row)


def _amendments(check: RowsCheck, log: Log, fold: RowsOfFacts) -> None:
    for key, word in fold.words.values():
        check.words.setdefault(key, []).append(word)
    words = {where: word for where, (_, word) in fold.words.items()}
    rows = ((_where(row), row) for row in check.rows.of("outcome_amendment", log))
    for where, word, row in paired(words, rows):
        check.found.ask(amendment_row, About((Place(*log, *where),)), word, row)
        if row is not None:
            _tell(check.witness, row)


def _places(
    check: RowsCheck, log: Log, table: str, wanted: set[Where], judgement: Judgement
) -> None:
    """Compare where the log has something with where the table has it."""
    there = {_where(row) for row in check.rows.of(table, log)}
    for where in sorted(wanted | there):
        about = About((Place(*log, *where),))
        check.found.ask(judgement, about, where in wanted, where in there)


def paired(
    wanted: Mapping[Any, Any], rows: Iterable[tuple[Any, Row]]
) -> Iterator[tuple[Any, Any, Row | None]]:
    """Pair what must be there with what is: key, wanted or None, row or None."""
    left = dict(wanted)
    for key, row in rows:
        yield key, left.pop(key, None), row
    for key, missing in left.items():
        yield key, missing, None


def _tell(witness: Witness, row: Row) -> None:
    attempt = Attempt(row["contact_id"], row["release_id"], row["attempt"])
    witness.in_postgres((attempt, row["session_id"] or ""))


def _keyed(rows: Iterable[Row]) -> Iterator[tuple[Key, Row]]:
    for row in rows:
        yield (row["contact_id"], row["release_id"]), row


def _where(row: Row) -> Where:
    return (row["record_offset"], row["entry"])


def _about(log: Log, key: Key, row: Row | None) -> About:
    return About(() if row is None else (Place(*log, *_where(row)),), *key)

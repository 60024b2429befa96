"""Judge a run by what its callers saw and by what its rows say; neither is believed alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from services.simulator.domain.calls import Attempt
from services.simulator.domain.witness import Account, Entry, hear

_ENDED = "ended"
_AT_A_CALLER = frozenset({"offered", "accepted", "confirmed", "wrap_up"})
_SHOWN_IN = frozenset({"confirmed", "wrap_up", _ENDED})
_NAMED_MAX = 20


class ContactRow(NamedTuple):
    """A contact as it is found after the run."""

    contact: str
    state: str
    attempt: int
    session: str | None
    confirms: int
    """How often it was confirmed."""
    offered_s: float | None
    """When its last attempt was offered."""
    ended_s: float | None


class Holding(NamedTuple):
    """A caller as it is found after the run, if it has a contact."""

    session: str
    contact: str


@dataclass(slots=True)
class Findings:
    """Where the contacts are, and every fault by its contact or session."""

    contacts: int
    finished: int = 0
    open: int = 0
    lost: set[str] = field(default_factory=set)
    doubled: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    """In words, at most `_NAMED_MAX`."""

    @property
    def ok(self) -> bool:
        """True when each contact is in exactly one place and nobody had two."""
        adds_up = self.contacts == self.finished + self.open
        return adds_up and not (self.lost or self.doubled)

    def lose(self, who: str, why: str) -> None:
        """Name what is lost."""
        self._name(self.lost, who, why)

    def double(self, who: str, why: str) -> None:
        """Name what was given twice."""
        self._name(self.doubled, who, why)

    def _name(self, kind: set[str], who: str, why: str) -> None:
        kind.add(who)
        if len(self.faults) < _NAMED_MAX:
            self.faults.append(f"{who}: {why}")


def check(
    journal: Sequence[Entry], rows: Iterable[ContactRow], holdings: Iterable[Holding]
) -> Findings:
    """Set the callers' journal against the rows.

    Args:
        journal: What the callers saw, in order.
        rows: Every contact.
        holdings: Every caller who has a contact.
    """
    account = hear(journal)
    found = Findings(contacts=len(account.contacts))
    for doubled in account.doubled:
        contact, _, why = doubled.partition(": ")
        found.double(contact, why)
    _check_calls(journal, found)
    by_contact = _check_places(account, rows, found)
    _check_attempts(account, by_contact, found)
    _check_spans(by_contact.values(), found)
    _check_holdings(by_contact, holdings, found)
    return found


def _check_calls(journal: Iterable[Entry], found: Findings) -> None:
    """Nobody is shown a number before the outcome of the last one."""
    calling: dict[str, Attempt] = {}
    for entry in journal:
        if entry["kind"] == "number":
            attempt = Attempt(*entry["attempt"])
            last = calling.setdefault(entry["session"], attempt)
            if last != attempt:
                found.double(entry["session"], f"{attempt.contact_id} during {last.contact_id}")
        elif entry["kind"] == "outcome":
            calling.pop(entry["session"], None)


def _check_places(
    account: Account, rows: Iterable[ContactRow], found: Findings
) -> dict[str, ContactRow]:
    """Every contact that was acknowledged has one row, and every row such a contact."""
    by_contact: dict[str, ContactRow] = {}
    for row in rows:
        if row.contact in by_contact:
            found.double(row.contact, "has two rows")
        elif row.state == _ENDED:
            found.finished += 1
        else:
            found.open += 1
        by_contact[row.contact] = row
    for contact in account.contacts - by_contact.keys():
        found.lose(contact, "was acknowledged and has no row")
    for contact in by_contact.keys() - account.contacts:
        found.double(contact, "has a row and was never acknowledged")
    return by_contact


def _check_attempts(account: Account, rows: dict[str, ContactRow], found: Findings) -> None:
    """Every attempt that was shown is confirmed once, every outcome that was told is kept."""
    for (contact, _), (session, attempt) in account.shown.items():
        row = rows.get(contact)
        if row is not None and (row.session, row.attempt) != (session, attempt):
            found.double(contact, f"shown to {session}, and given to {row.session}")
    for row in rows.values():
        confirmed = row.state in _SHOWN_IN
        if row.confirms > confirmed:
            found.double(row.contact, f"{row.state}, confirmed {row.confirms} times")
        elif row.confirms < confirmed:
            found.lose(row.contact, f"{row.state}, never confirmed")
    for saved in account.saved:
        row = rows.get(saved.contact_id)
        if row is None or (row.state, row.attempt) != (_ENDED, saved.attempt):
            found.lose(saved.contact_id, "its outcome was saved and is not there")


def _check_spans(rows: Iterable[ContactRow], found: Findings) -> None:
    """Nobody has two contacts at once, by the times in the rows."""
    spans: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if row.session is not None and row.offered_s is not None:
            end_s = float("inf") if row.ended_s is None else row.ended_s
            spans.setdefault(row.session, []).append((row.offered_s, end_s))
    for session, held in spans.items():
        if any(end_s > next_s for (_, end_s), (next_s, _) in pairwise(sorted(held))):
            found.double(session, "had two contacts at once")


def _check_holdings(
    rows: dict[str, ContactRow], holdings: Iterable[Holding], found: Findings
) -> None:
    """A contact at a caller is held by that caller, any other by nobody."""
    given = {
        Holding(row.session, row.contact)
        for row in rows.values()
        if row.session is not None and row.state in _AT_A_CALLER
    }
    held = set(holdings)
    for holding in given - held:
        found.lose(holding.contact, f"is given to {holding.session}, who does not have it")
    for holding in held - given:
        found.double(holding.contact, f"is held by {holding.session}, and elsewhere too")

"""Judge a journal: what simulated callers saw must fit the promises."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.simulator.domain.calls import Attempt

Entry = Mapping[str, Any]
"""A line of the journal; `kind` says what it is."""

NAMED_MAX = 100


@dataclass(slots=True)
class Account:
    """What a journal proves."""

    contacts: set[str] = field(default_factory=set)
    """Acknowledged by Kafka."""
    saved: set[Attempt] = field(default_factory=set)
    """Outcomes that the desks were told are in the log."""
    doubled: list[str] = field(default_factory=list)
    """Contacts whose number was shown twice or too late, at most `NAMED_MAX`."""
    shown: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    """Session and attempt by contact and release."""

    def double(self, contact: str, why: str) -> None:
        """Name a contact that promise 2 was broken for."""
        if len(self.doubled) < NAMED_MAX:
            self.doubled.append(f"{contact}: {why}")


def hear(entries: Iterable[Entry]) -> Account:
    """Read a journal to its end."""
    account = Account()
    for entry in entries:
        match entry["kind"]:
            case "acknowledged":
                account.contacts.add(entry["contact"])
            case "saved":
                account.saved.add(Attempt(*entry["attempt"]))
            case "number":
                _number(account, entry)
            case _:
                pass
    return account


def _number(account: Account, entry: Entry) -> None:
    attempt = Attempt(*entry["attempt"])
    release = attempt[:2]
    by = (entry["session"], attempt.attempt)
    first = account.shown.setdefault(release, by)
    if first != by:
        account.double(attempt.contact_id, f"number shown to {first} and to {by}")
    if entry["dialled"] and entry["wall_ms"] > entry["dial_by_ms"]:
        account.double(attempt.contact_id, "dialled after dial_by")

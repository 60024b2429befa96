"""A run as a story: one line an event, in the words of the glossary."""

from collections.abc import Sequence
from typing import Any

from services.dispatcher.domain import facts
from services.router.domain.ruling import Ruling
from services.runtime.fenced_log.header import (
    WITHOUT_AUTHORITY,
    Claim,
    Fence,
    Header,
    SnapshotDone,
    Yield,
)
from services.runtime.fenced_log.wishes import Request


class Storyteller:
    """Keeps the lines of a run, or nothing when nobody asked for a story."""

    def __init__(self, *, told: bool) -> None:
        self.lines: list[str] = []
        self._told = told

    def line(self, now_ms: int, what: str) -> None:
        """Tell one thing that happened."""
        if self._told:
            self.lines.append(f"{now_ms / 1000:8.3f}  {what}")

    def record(
        self, now_ms: int, tp: tuple[str, int], offset: int, header: Header,
        entries: Sequence[Any], counts: bool,
    ) -> None:  # fmt: skip
        """Tell what a record of a fenced log says."""
        if not self._told:
            return
        where = f"{tp[0].split('.')[1]}/{tp[1]}@{offset}"
        match header.control:
            case Fence(slot):
                what = f"{slot} fences, epoch {header.point.epoch}"
            case Claim(slot):
                what = f"{slot} claims"
            case Request(by, _, wish):
                what = f"{by} asks for {wish}"
            case Yield(to_slot):
                what = f"yields to {to_slot or 'any slot'}"
            case SnapshotDone(covered):
                what = f"snapshot of what is below {covered}"
            case _:
                what = ", ".join(map(words, entries)) or ""
        if what:
            is_wish = isinstance(header.control, WITHOUT_AUTHORITY)
            late = "" if counts or is_wish else "  (overtaken: counts not)"
            self.line(now_ms, f"{where}: {what}{late}")


def words(entry: Any) -> str:
    """Say an entry in a few words."""
    if isinstance(entry, Ruling):
        contact, outcome = entry.contact, entry.outcome
        to = getattr(outcome, "centre_id", "") or outcome.reason.name.lower()  # type: ignore[union-attr]
        return f"{contact.contact_id}/{contact.release} {type(outcome).__name__.lower()} {to}"
    name = _spaced(type(entry).__name__)
    match entry:
        case facts.Queued():
            who = f"{entry.contact.contact_id}/{entry.contact.release}"
        case facts.Returned():
            who = f"{entry.contact_id}/{entry.release} {entry.reason.name.lower()}"
        case facts.StreamEnded():
            who = f"of {len(entry.nonces)}"
        case facts.WithdrawalApplied():
            who = entry.contact_id or str(entry.person_key[-9:].decode())
        case _:
            who = _of(entry)
    return f"{name} {who}".strip()


def _of(entry: Any) -> str:
    attempt = getattr(entry, "attempt", None)
    parts = [f"{attempt.contact_id}/{attempt.release}#{attempt.attempt}"] if attempt else []
    if session_id := getattr(entry, "session_id", ""):
        parts.append(str(session_id))
    if isinstance(entry, facts.CommandRefused):
        parts.append(entry.command)
    if reason := getattr(entry, "reason", None):
        parts.append(str(getattr(reason, "name", reason)).lower())
    return " ".join(parts)


def _spaced(name: str) -> str:
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()

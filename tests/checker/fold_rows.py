"""The fold of logs into rows: what the recorder must have written (sections 3, 4 and 6)."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2, session_pb2
from seatline.rulings.v1 import rulings_pb2
from tests.checker.history import Key, Row
from tests.checker.recorded import Live, Over, Stands, Word
from tests.checker.rulings import ARRIVAL_ONLY

PLACES = {
    "queued": "queued",
    "offered": "offered",
    "offer_expired": "queued",
    "offer_declined": "queued",
    "offer_rescinded": "queued",
    "confirmed": "confirmed",
    "dial_started": "on_call",
    "call_ended": "wrap_up",
    "ended": "ended",
    "returned": "returned",
}
REASONS: dict[str, Any] = {
    "offer_rescinded": facts_pb2.RescindReason,
    "ended": facts_pb2.EndReason,
    "returned": facts_pb2.ReturnReason,
    "signed_out": session_pb2.SignOutReason,
}
"""Where a fact leaves its contact."""
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_TEXT_MAX = 200
_BIGINT_MAX = 2**63 - 1


@dataclass(slots=True)
class RowsOfRulings:
    """What one rulings partition leaves behind, up to where it is recorded."""

    states: dict[Key, Stands] = field(default_factory=dict)
    _marked: set[Key] = field(default_factory=set)
    """Releases whose row is of a lost log: no arrival of them moves it (rule 9.3)."""

    def add(self, ruling: Any, offset: int, entry: int, at_ms: int) -> None:
        """Fold in a ruling."""
        kind = str(ruling.WhichOneof("outcome"))
        reason = None
        stage = 1
        if kind == "held":
            reason = _name(rulings_pb2.HeldReason, ruling.held.reason)
        elif kind == "refused":
            if self._is_of_lost_log(ruling):
                return
            reason = _name(rulings_pb2.RefusedReason, ruling.refused.reason)
            stage = 0 if ruling.refused.reason in ARRIVAL_ONLY else 1
        key = kept_key(ruling.contact.contact_id, ruling.contact.release)
        if key is None:
            return
        known = self.states.get(key)
        centre_id = ruling.routed.centre_id or (known.centre_id if known else None)
        if known is None or known[:3] < (stage, offset, entry):
            at = instant(at_ms)
            self.states[key] = Stands(stage, offset, entry, kind, reason, centre_id, None, None, at)

    def _is_of_lost_log(self, ruling: Any) -> bool:
        key = (ruling.contact.contact_id, ruling.contact.release)
        if ruling.refused.reason == rulings_pb2.REFUSED_REASON_RECORDED:
            self._marked.add(key)
        return key in self._marked


@dataclass(slots=True)
class RowsOfFacts:
    """What one facts partition leaves behind, up to where it is recorded."""

    partition: int
    states: dict[Key, Stands] = field(default_factory=dict)
    outcomes: dict[Key, Over] = field(default_factory=dict)
    live: dict[str, Live] = field(default_factory=dict)
    conflicts: set[tuple[int, int]] = field(default_factory=set)
    withdrawals: set[tuple[int, int]] = field(default_factory=set)
    words: dict[tuple[int, int], tuple[Key, Word]] = field(default_factory=dict)

    def add(self, fact: Any, offset: int, entry: int, at_ms: int) -> None:
        """Fold in a fact."""
        kind = str(fact.WhichOneof("kind"))
        body = getattr(fact, kind)
        where, at = (offset, entry), instant(at_ms)
        if kind == "withdrawal_applied" and body.provisional:
            self.withdrawals.add(where)
        named = body.contact if kind == "queued" else getattr(body, "attempt", body)
        key = kept_key(getattr(named, "contact_id", ""), getattr(named, "release", 0))
        if key is None:
            return
        if kind in PLACES:
            self._stand(kind, body, key, where, at)
        if kind == "confirmed":
            self._confirm(body, key, where)
        elif kind == "ended":
            self._end(body, key, where, at)
        elif kind == "outcome_amended":
            session_id, said = kept_text(body.session_id), _disposition(body.disposition)
            word = Word(at, self.partition, *where, body.attempt.attempt, session_id, said)
            self.words[where] = (key, word)

    def _stand(self, kind: str, body: Any, key: Key, where: tuple[int, int], at: datetime) -> None:
        known = self.states.get(key)
        centre_id = kept_text(getattr(body, "centre_id", "")) or (
            known.centre_id if known else None
        )
        reason = {"offer_expired": "expired", "offer_declined": "declined"}.get(kind)
        if kind in REASONS:
            reason = _name(REASONS[kind], body.reason)
        attempt = body.attempt.attempt if hasattr(body, "attempt") else None
        session_id = kept_text(getattr(body, "session_id", ""))
        self.states[key] = Stands(
            2, *where, PLACES[kind], reason, centre_id, session_id, attempt, at
        )

    def _confirm(self, body: Any, key: Key, where: tuple[int, int]) -> None:
        if key[0] in self.live:
            self.conflicts.add(where)
            return
        session_id = kept_text(body.session_id)
        self.live[key[0]] = Live(key[1], body.attempt.attempt, session_id, *where)

    def _end(self, body: Any, key: Key, where: tuple[int, int], at: datetime) -> None:
        live = self.live.get(key[0])
        number = body.attempt.attempt
        if body.session_id and live is not None and live[:2] == (key[1], number):
            del self.live[key[0]]
        if key in self.outcomes:
            self.conflicts.add(where)
            return
        given = body.disposition
        said = _disposition(given) if given else _name(facts_pb2.EndReason, body.reason)
        session_id = kept_text(body.session_id)
        self.outcomes[key] = Over(*where, number, session_id, said, at, body.attempt_spent)


def last_word(end: Row, first: str, words: Iterable[Word]) -> str:
    """Return what the words on an attempt leave as its disposition."""
    of_it = (end["attempt"], end["session_id"])
    fitting = sorted(word for word in words if (word.attempt, word.session_id) == of_it)
    return fitting[-1].disposition if fitting else first


def unsealed(entry: Any) -> Any:
    """Return a ruling or fact without its sealed text, as `decision` keeps it."""
    bare = type(entry)()
    bare.CopyFrom(entry)
    if isinstance(bare, rulings_pb2.Ruling):
        bare.contact.ClearField("sealed")
    elif bare.HasField("queued"):
        bare.queued.contact.ClearField("sealed")
    elif bare.HasField("confirmed"):
        bare.confirmed.ClearField("sealed")
    return bare


# --- as Postgres keeps it (docs/interfaces.md) ---------------------------------------------------


def kept_text(text: str) -> str | None:
    """Return text as it is kept: what is too long or has a NUL is cut and given a digest."""
    if not text:
        return None
    if len(text) <= _TEXT_MAX and "\0" not in text:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{text[:64].replace(chr(0), chr(0xFFFD))}~{digest}"


def kept_key(contact_id: str, release: int) -> Key | None:
    """Return contact and release as they are kept; None when no contact is named."""
    kept = kept_text(contact_id)
    return None if kept is None else (kept, min(release, _BIGINT_MAX))


def instant(ms: int) -> datetime:
    """Return a time as it is kept."""
    return _FIRST + timedelta(milliseconds=ms)


def _disposition(number: Any) -> str:
    return _name(commands_pb2.Disposition, number)


def _name(names: Any, number: Any) -> str:
    """Return an enum value in lower case without its prefix."""
    prefix = str(names.Name(0)).removesuffix("UNSPECIFIED")
    return str(names.Name(number)).removeprefix(prefix).lower()

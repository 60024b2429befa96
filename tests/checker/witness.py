"""What simulated callers and senders saw, as a witness outside of logs and Postgres."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.checker.commands import Attempt, Heard, Said
from tests.checker.findings import About, Findings, Place, rule
from tests.checker.history import CONTACTS, INTAKE, CannotCheckError, Log

Entry = Mapping[str, Any]


class Shown(NamedTuple):
    """A number as a caller saw it."""

    session_id: str
    wall_ms: int
    dial_by_ms: int
    is_dialled: bool


# --- rules ---------------------------------------------------------------------------------------


@rule("promise 1")
def acknowledged_lost(contact_id: str, end: int, offset: int, is_there: bool) -> str | None:
    """What Kafka acknowledged to a sender stands in its log."""
    if is_there and offset < end:
        return None
    return f"{contact_id} was acknowledged at offset {offset}, and the log does not have it"


@rule("promise 1")
def foreign_lost(partition: int, offset: int, is_known: bool) -> str | None:
    """A foreign record that intake has passed became a contact or a dead letter."""
    return None if is_known else f"intake passed {partition}@{offset} and wrote nothing"


@rule("promise 2")
def shown_twice(first: Shown, then: Shown, same_attempt: bool) -> str | None:
    """The number of a release is shown to one caller, for one attempt."""
    if first.session_id == then.session_id and same_attempt:
        return None
    return f"its number was shown to {first.session_id} and to {then.session_id}"


@rule("promise 2, 5.1")
def dialled_late(shown: Shown) -> str | None:
    """Nothing is dialled after `dial_by`."""
    late_ms = shown.wall_ms - shown.dial_by_ms
    if not shown.is_dialled or late_ms <= 0:
        return None
    return f"{shown.session_id} dialled {late_ms} ms after dial_by"


@rule("promise 2, 5.1")
def shown_without_confirm(shown: Shown, confirmed_dial_by_ms: int | None) -> str | None:
    """A number is shown to the session that a confirm names, with its `dial_by`."""
    if confirmed_dial_by_ms is None:
        return f"{shown.session_id} saw a number that no confirm gave it"
    if confirmed_dial_by_ms == shown.dial_by_ms:
        return None
    return f"{shown.session_id} saw another dial_by than that of its confirm"


@rule("promise 2, 5.1")
def shown_unannounced(shown: Shown, announced_ms: int | None) -> str | None:
    """A number is shown only after its announcement was appended before `dial_by`."""
    if announced_ms is not None and announced_ms < shown.dial_by_ms:
        return None
    return f"{shown.session_id} saw a number that no gateway announced before dial_by"


@rule("5.2")
def told_before_fact(what: str, session_id: str) -> str | None:
    """Nothing is told to a caller that the log does not have."""
    return f"{session_id} was told of {what}, and the log does not have it"


@rule("promise 1, 5.2")
def saved_and_missing(session_id: str, is_recorded: bool) -> str | None:
    """An outcome that a desk was shown as saved is in Postgres."""
    if is_recorded:
        return None
    return f"{session_id} was shown its outcome as saved, and Postgres lacks it"


# --- hearing -------------------------------------------------------------------------------------


@dataclass(slots=True)
class Witness:
    """Keeps what was seen until the logs explain it."""

    found: Findings
    acknowledged: dict[str, tuple[Log, int]] = field(default_factory=dict)
    foreign: list[tuple[str, Log, int]] = field(default_factory=list)
    shown: dict[tuple[str, int], tuple[Attempt, Shown]] = field(default_factory=dict)
    offers: dict[Said, None] = field(default_factory=dict)
    saved: dict[Said, None] = field(default_factory=dict)
    unrecorded: set[Said] = field(default_factory=set)
    """Words that were told as saved, stand in the log, and are not to be in Postgres yet."""

    def hear(self, entries: Iterable[Entry]) -> None:
        """Hear a journal to its end.

        Raises:
            CannotCheckError: A line of it cannot be read.
        """
        for number, entry in enumerate(entries, start=1):
            try:
                self._hear(entry)
            except (KeyError, TypeError, ValueError) as error:
                raise CannotCheckError(f"journal: line {number}: {error} cannot be read") from error

    def _hear(self, entry: Entry) -> None:
        kind = entry["kind"]
        if kind == "acknowledged":
            topic, partition, offset = str(entry["at"][0]), int(entry["at"][1]), int(entry["at"][2])
            if topic == CONTACTS:
                self.acknowledged[str(entry["contact"])] = ((topic, partition), offset)
            elif topic == INTAKE:
                self.foreign.append((str(entry["contact"]), (topic, partition), offset))
        elif kind in ("number", "offer", "saved"):
            contact_id, release, number = entry["attempt"]
            attempt = Attempt(str(contact_id), int(release), int(number))
            said = (attempt, str(entry["session"]))
            if kind == "number":
                self._number(attempt, entry)
            else:
                (self.offers if kind == "offer" else self.saved)[said] = None

    def _number(self, attempt: Attempt, entry: Entry) -> None:
        then = Shown(
            str(entry["session"]),
            int(entry["wall_ms"]),
            int(entry["dial_by_ms"]),
            bool(entry["dialled"]),
        )
        about = About((), *attempt[:2], then.session_id)
        first_attempt, first = self.shown.setdefault(attempt[:2], (attempt, then))
        self.found.ask(shown_twice, about, first, then, first_attempt == attempt)
        self.found.ask(dialled_late, about, then)

    # --- what explains it ------------------------------------------------------------------------

    def offered(self, said: Said) -> None:
        """Note that the log has an offer."""
        self.offers.pop(said, None)

    def confirmed(self, said: Said, dial_by_ms: int, place: Place, heard: Heard) -> None:
        """Hold a confirm against the number that was shown."""
        attempt, session_id = said
        known = self.shown.get(attempt[:2])
        if known is None or known[0] != attempt or known[1].session_id != session_id:
            return
        about = About((place,), *attempt[:2], session_id)
        self.found.ask(shown_without_confirm, about, known[1], dial_by_ms)
        if heard.is_whole:
            self.found.ask(shown_unannounced, about, known[1], heard.unsealing.get(said))
        del self.shown[attempt[:2]]

    def worded(self, said: Said, is_recorded: bool) -> None:
        """Note that the log has an outcome, and whether Postgres must have it."""
        if said in self.saved:
            if is_recorded:
                self.unrecorded.add(said)
            else:
                del self.saved[said]

    def in_postgres(self, said: Said) -> None:
        """Note that Postgres has an outcome."""
        if said in self.unrecorded:
            self.unrecorded.discard(said)
            self.saved.pop(said, None)

    def arrived(self, contact_id: str) -> None:
        """Note that the contacts log has a contact."""
        self.acknowledged.pop(contact_id, None)

    def close(self, end: Mapping[Log, int]) -> None:
        """Name all that nothing explained."""
        for contact_id, (log, offset) in self.acknowledged.items():
            about = About((Place(*log, offset),), contact_id)
            self.found.ask(acknowledged_lost, about, contact_id, end.get(log, 0), offset, False)
        for contact_id, log, offset in self.foreign:
            about = About((Place(*log, offset),), contact_id)
            self.found.ask(acknowledged_lost, about, contact_id, end.get(log, 0), offset, True)
        for attempt, shown in self.shown.values():
            about = About((), *attempt[:2], shown.session_id)
            self.found.ask(shown_without_confirm, about, shown, None)
        for what, told in (("an offer", self.offers), ("a saved outcome", self.saved)):
            for said in told:
                if said not in self.unrecorded:
                    about = About((), *said[0][:2], said[1])
                    self.found.ask(told_before_fact, about, what, said[1])
        for attempt, session_id in sorted(self.unrecorded):
            about = About((), *attempt[:2], session_id)
            self.found.ask(saved_and_missing, about, session_id, False)

"""Check a history: every partition of rulings, then of facts, then what ties them together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError

from seatline.contacts.v1 import contacts_pb2
from seatline.facts.v1 import facts_pb2
from seatline.rulings.v1 import rulings_pb2
from tests.checker import talks
from tests.checker.commands import Heard
from tests.checker.dead import Dead
from tests.checker.facts import FactsOfPartition
from tests.checker.fenced import Accepted, FencedLog, Reigns
from tests.checker.findings import About, Findings, Place
from tests.checker.fold_rows import RowsOfFacts, RowsOfRulings
from tests.checker.history import (
    COMMANDS,
    CONTACTS,
    FACTS,
    INTAKE,
    RULINGS,
    History,
    Key,
    Log,
)
from tests.checker.live import Judged, LiveStates, by_partition
from tests.checker.rows import LogRows, RowsCheck
from tests.checker.rulings import (
    Routing,
    RulingsOfPartition,
    queued_otherwise,
    routed_unqueued,
    unqueued,
)
from tests.checker.sight import Sight
from tests.checker.snapshots import Compared, Snapshots
from tests.checker.snapshots_of_facts import FloorJudge
from tests.checker.snapshots_of_rulings import SeenJudge
from tests.checker.witness import Witness, foreign_lost

Progress = Callable[[str], None]


@dataclass(slots=True)
class Report:
    """What was found, and how much was looked at."""

    findings: Findings
    records: dict[str, int] = field(default_factory=dict)
    """Records that count, by log."""
    entries: dict[str, int] = field(default_factory=dict)
    fences: dict[str, int] = field(default_factory=dict)
    """Reigns that began, by log."""
    live: Judged = field(default_factory=Judged)
    snapshots: Compared = field(default_factory=Compared)

    @property
    def ok(self) -> bool:
        """True when no rule was broken."""
        return not self.findings.counts


def check(history: History, progress: Progress = lambda _: None) -> Report:
    """Hold a history against every rule.

    Memory: one small tuple for each routed contact until its facts are read, and for each release
    of the partition that is being read; twice that while a snapshot is being read.

    Raises:
        CannotCheckError: The history is not whole, or cannot be understood.
    """
    return _Check(history, progress).run()


class _Check:
    def __init__(self, history: History, progress: Progress) -> None:
        self._history = history
        self._progress = progress
        self._found = Findings()
        self._report = Report(self._found)
        self._witness = Witness(self._found)
        self._rows = RowsCheck(history, self._found, self._witness)
        self._dead = Dead(history, self._found)
        self._reigns: dict[Log, Reigns] = {}
        self._routings: list[dict[Key, Routing]] = [{} for _ in range(history.partitions)]
        self._talks = talks.Talks(self._found)
        self._told = by_partition(history.answers(), self._report.live)

    def run(self) -> Report:
        self._progress("hearing the journal")
        self._witness.hear(self._history.journal())
        for number in range(self._history.partitions):
            self._rulings(number)
        for number in range(self._history.partitions):
            self._facts(number)
        nowhere = (f"{FACTS}/{number} was told, and is not there" for number in self._told)
        self._report.live.not_judged += nowhere
        self._progress("tying things together")
        self._talks.close()
        self._rows.close()
        self._arrivals()
        self._dead.close()
        self._witness.close(self._ends())
        return self._report

    def _rulings(self, number: int) -> None:
        reader = self._reader((RULINGS, number), rulings_pb2.RulingRecord, "rulings")
        partition = RulingsOfPartition(reader)
        rows = LogRows(self._rows, reader.log, RowsOfRulings())
        compared = self._report.snapshots
        snapshots = Snapshots(reader, SeenJudge(partition.ruled, reader, compared), compared)
        for accepted in reader:
            snapshots.see(accepted)
            self._count(accepted, len(accepted.body.rulings))
            for to, key, routing in partition.take(accepted):
                if to < len(self._routings):
                    self._routings[to].setdefault(key, routing)
            rows.take(accepted, accepted.body.rulings)
        rows.compare(reader.reigns)
        self._reigns[reader.log] = reader.reigns

    def _facts(self, number: int) -> None:
        reader = self._reader((FACTS, number), facts_pb2.FactRecord, "facts")
        reader.reigns_of = self._reigns
        heard = Heard(self._history, (COMMANDS, number))
        partition = FactsOfPartition(reader, heard)
        rows = LogRows(self._rows, reader.log, RowsOfFacts(number))
        told = self._told.pop(number, ())
        states = LiveStates(told, reader, partition.floor, self._report.live)
        routings = self._routings[number]
        compared = self._report.snapshots
        judge = FloorJudge(partition.floor, self._found, compared)
        snapshots = Snapshots(reader, judge, compared)
        for accepted in reader:
            states.reach(accepted.offset)
            snapshots.see(accepted)
            self._count(accepted, len(accepted.body.facts))
            for seen in partition.take(accepted):
                if seen.is_first_queueing:
                    routing = routings.pop(seen.key or ("", 0), None)
                    given = (seen.key, seen.body, routing)
                    self._found.ask(queued_otherwise, seen.about, *given)
                self._talks.see(seen)
                self._tell_witness(seen, accepted.offset < rows.end, heard)
            rows.take(accepted, accepted.body.facts)
        states.close()
        rows.compare(reader.reigns)
        for key, routing in unqueued(routings, reader.positions, reader.set_aside):
            self._found.ask(routed_unqueued, About((routing.place,), *key), key, number)
        routings.clear()

    def _tell_witness(self, seen: Sight, is_recorded: bool, heard: Heard) -> None:
        if seen.attempt is None:
            return
        if seen.kind == "offered":
            self._witness.offered(seen.said)
        elif seen.kind == "confirmed":
            dial_by_ms = seen.body.dial_by.ToMilliseconds()
            self._witness.confirmed(seen.said, dial_by_ms, seen.place, heard)
        elif seen.kind == "outcome_amended" or (seen.kind == "ended" and seen.body.disposition):
            self._witness.worded(seen.said, is_recorded)

    def _reader(self, log: Log, message: object, entries: str) -> FencedLog:
        self._progress(f"reading {log[0]}/{log[1]}")
        return FencedLog(self._history, log, message, entries, self._found, self._dead.letters)

    def _count(self, accepted: Accepted, entries: int) -> None:
        topic = accepted.log[0]
        report = self._report
        for counts, more in (
            (report.records, 1),
            (report.entries, entries),
            (report.fences, int(accepted.is_fence)),
        ):
            counts[topic] = counts.get(topic, 0) + more

    def _arrivals(self) -> None:
        """Find what was acknowledged in the contacts log, and what intake has passed."""
        sources: set[tuple[int, int]] = {
            (log[1], place[0]) for log, place in self._dead.letters if log[0] == INTAKE
        }
        for number in range(self._history.partitions):
            for record in self._history.records((CONTACTS, number)):
                for contact in _contacts(record.value):
                    self._witness.arrived(contact.contact_id)
                    if contact.HasField("source"):
                        sources.add((contact.source.partition, contact.source.offset))
        for number, done in self._history.intake_done().items():
            for record in self._history.records((INTAKE, number)):
                if record.offset < done:
                    place = (number, record.offset)
                    about = About((Place(INTAKE, *place),))
                    self._found.ask(foreign_lost, about, *place, place in sources)

    def _ends(self) -> Mapping[Log, int]:
        logs = [(t, n) for t in (CONTACTS, INTAKE) for n in range(self._history.partitions)]
        return {log: self._history.end(log) for log in logs}


def _contacts(value: bytes) -> list[contacts_pb2.Contact]:
    try:
        return list(contacts_pb2.ContactRecord.FromString(value).contacts)
    except DecodeError:
        return []

"""What the logs say, read record by record as they are appended: the measure of everybody else."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from seatline.commands.v1 import commands_pb2
from seatline.contacts.v1 import contacts_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.dispatcher.adapters import topics
from services.dispatcher.adapters.codec import DispatcherCodec
from services.dispatcher.domain import facts
from services.dispatcher.domain.floor import Floor
from services.dispatcher.handlers import FloorHandler
from services.router.adapters.log_codec import RouterCodec
from services.router.adapters.topics import CONTACTS
from services.router.domain.ruling import Routed, Ruling
from services.runtime.fenced_log.header import Failure, FencePoint, Header, Position
from services.runtime.log_port import Arrived, TopicPartition
from tests.simtest.deciders import LIMITS, PARTITIONS
from tests.simtest.promises import BrokenPromiseError, FactsPromises
from tests.support.reader_rule import SecondReader

Key = tuple[str, int]
_CHATTER = (
    facts.GatewaySeen, facts.PresenceListAsked, facts.CommandRefused, facts.SignedIn,
    facts.SignedOut,
)  # fmt: skip


@dataclass
class LogTruth:
    """One partition of a fenced log."""

    tp: TopicPartition
    reader: SecondReader = field(init=False)
    points: list[FencePoint | None] = field(default_factory=list)
    """Place of the last counting record, after each offset."""
    entries: list[int] = field(default_factory=lambda: [0])
    """Entries that count below each offset."""
    at_ms: int = 0
    positions: dict[TopicPartition, Position] = field(default_factory=dict)
    fences: int = 0
    overtaken: int = 0
    """Records that a fence has overtaken: a zombie's."""

    def __post_init__(self) -> None:
        self.reader = SecondReader(f"{self.tp[0]}/{self.tp[1]}")

    def take(self, header: Header, count: int) -> bool:
        """Judge the next record; tell whether it counts."""
        counts = self.reader.counts(header)
        self.points.append(self.reader.point)
        self.entries.append(self.entries[-1] + (count if counts else 0))
        if not counts:
            self.overtaken += header.control is None
            return False
        self.fences += header.point.seq == 0
        if header.at_ms < self.at_ms and header.control is None:
            raise BrokenPromiseError("time_falls", f"{self.reader.name}: `at` fell")
        self.at_ms = max(self.at_ms, header.at_ms)
        for topic, number, position in header.inputs:
            self._advance((topic, number), position)
        return True

    def _advance(self, tp: TopicPartition, position: Position) -> None:
        before = self.positions.get(tp, Position(0))
        if (position.offset, position.index) < (before.offset, before.index):
            raise BrokenPromiseError(
                "position_falls", f"{self.reader.name}: {tp[0]}/{tp[1]} went back to {position}"
            )
        self.positions[tp] = position


class Truth:
    """Every fenced log, every contact, every withdrawal."""

    def __init__(self) -> None:
        fenced = [(topic, n) for topic in (topics.RULINGS, topics.FACTS) for n in range(PARTITIONS)]
        self.logs = {tp: LogTruth(tp) for tp in fenced}
        self.floors = {n: FloorHandler(LIMITS) for n in range(PARTITIONS)}
        self.promises = FactsPromises(self)
        self.open: dict[Key, str] = {}
        """Releases that arrived and are in none of the last places."""
        self.arrived: set[Key] = set()
        self.set_aside: set[tuple[str, int, int, int]] = set()
        self.unreadable: dict[TopicPartition, int] = {}
        self.done: dict[Key, str] = {}
        """Where each release went."""
        self.withdrawals: list[tuple[bytes, str]] = []
        """Person or contact of each record of suppressions, by offset."""
        self.freed: list[tuple[Key, facts.Fact]] = []
        """Releases that a feeder may follow up: returned, or never dialled."""
        self.last_work: dict[TopicPartition, int] = {}
        """Offset behind the last record that moved something other than a session."""
        self.told: list[tuple[TopicPartition, int, Header, Sequence[Any], bool]] = []
        self._rulings = RouterCodec()
        self._facts = DispatcherCodec(PARTITIONS)

    def floor(self, number: int) -> Floor:
        return self.floors[number].floor

    @property
    def contacts(self) -> int:
        """Contacts that came in, those that nobody can read included."""
        return len({name for name, _ in self.arrived}) + sum(self.unreadable.values())

    def hear(self, record: Arrived) -> None:
        """Take a record at the moment of its append."""
        if record.topic == topics.FACTS:
            self._hear_facts(record)
        elif record.topic == topics.RULINGS:
            self._hear_rulings(record)
        elif record.topic == CONTACTS:
            self._hear_contacts(record)
        elif record.topic == topics.COMMANDS:
            self._hear_commands(record)
        elif record.topic == topics.SUPPRESSIONS:
            found = suppressions_pb2.Withdrawal.FromString(record.value)
            self.withdrawals.append((found.person_key, found.contact_id))

    def _hear_facts(self, record: Arrived) -> None:
        tp = (record.topic, record.partition)
        header, entries = self._facts.header(record.value), self._facts.entries(record.value)
        if not self._counts(tp, record, header, entries):
            return
        handler = self.floors[record.partition]
        for fact in entries:
            self.promises.judge(record, handler.floor, fact, header.at_ms)
            try:
                handler.evolve((fact,), header.at_ms)
            except (KeyError, AssertionError) as error:
                raise BrokenPromiseError("cannot_be_folded", f"{fact}: {error!r}") from error
            self._move(fact)

    def _hear_rulings(self, record: Arrived) -> None:
        tp = (record.topic, record.partition)
        header, entries = self._rulings.header(record.value), self._rulings.entries(record.value)
        if not self._counts(tp, record, header, entries):
            return
        for ruling in entries:
            self._ruled(ruling)

    def _counts(
        self, tp: TopicPartition, record: Arrived, header: Header, entries: Sequence[Any]
    ) -> bool:
        counts = self.logs[tp].take(header, len(entries))
        self.told.append((tp, record.offset, header, entries, counts))
        if not counts:
            return False
        if not all(isinstance(entry, _CHATTER) for entry in entries):
            self.last_work[tp] = record.offset + 1
        for failure in header.failures:
            self._failed(failure)
        return True

    def _failed(self, failure: Failure) -> None:
        if failure.set_aside:
            self.set_aside.add((failure.topic, failure.partition, failure.offset, failure.index))

    def _hear_commands(self, record: Arrived) -> None:
        """Keep what a CONFIRM and the begin of a call are judged by."""
        for command in commands_pb2.CommandRecord.FromString(record.value).commands:
            kind = command.WhichOneof("kind")
            if kind in ("accept_offer", "unsealing"):
                body = getattr(command, kind)
                named = body.attempt
                attempt = facts.Attempt(named.contact_id, named.release, named.attempt)
                said = (kind, body.session_id, body.generation, attempt)
                self.promises.said.setdefault(said, record.appended_at_ms)

    def _hear_contacts(self, record: Arrived) -> None:
        try:
            found = contacts_pb2.ContactRecord.FromString(record.value)
        except Exception:  # noqa: BLE001 (whatever protobuf says: it is set aside)
            tp = (record.topic, record.partition)
            self.unreadable[tp] = self.unreadable.get(tp, 0) + 1
            return
        for contact in found.contacts:
            key = (contact.contact_id, contact.release)
            self.arrived.add(key)
            if key not in self.done:
                self.open.setdefault(key, "unread")

    def _ruled(self, ruling: Ruling) -> None:
        key = (str(ruling.contact.contact_id), ruling.contact.release)
        if isinstance(ruling.outcome, Routed):
            self.promises.routed(key, ruling.outcome.partition)
            self.open[key] = "routed"
            return
        word = type(ruling.outcome).__name__.lower()
        reason = ruling.outcome.reason.name.lower()
        if reason not in ("duplicate", "release_expired") or self.open.get(key) == "unread":
            self._finish(key, f"{word}: {reason}")

    def _move(self, fact: facts.Fact) -> None:
        match fact:
            case facts.Ended():
                reason = fact.reason.name.lower()
                self._finish(fact.attempt.key, f"ended: {reason}")
                if reason == "never_dialled":
                    self.freed.append((fact.attempt.key, fact))
            case facts.Returned():
                key = (fact.contact_id, fact.release)
                self._finish(key, f"returned: {fact.reason.name.lower()}")
                self.freed.append((key, fact))
            case _:
                pass

    def _finish(self, key: Key, where: str) -> None:
        self.open.pop(key, None)
        self.done[key] = where

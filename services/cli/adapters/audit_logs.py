"""The logs as the audit reads them: protobuf in, sightings out."""

from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.message import DecodeError

from seatline.contacts.v1 import contacts_pb2
from seatline.facts.v1 import facts_pb2
from services.cli.adapters.dead_codec import parsed
from services.cli.adapters.fenced import Counting, FencedRecord, counting
from services.cli.adapters.log_book import Bounds, LogBook
from services.cli.adapters.recorded_ids import recorded_release, recorded_text
from services.cli.adapters.topics import CONTACTS, DEAD, FACTS, INTAKE, RULINGS
from services.cli.domain.dead import Case, DeadFold, How
from services.cli.domain.places import (
    Accepted,
    Arrival,
    At,
    Fate,
    Foreign,
    Place,
    Read,
    SetAside,
    Step,
)
from services.cli.ports.auditing import Ends, Vector
from services.runtime.log_port import Arrived

PLACE_AFTER = {
    "queued": Place.QUEUED,
    "offered": Place.OFFERED,
    "offer_expired": Place.QUEUED,
    "offer_declined": Place.QUEUED,
    "offer_rescinded": Place.QUEUED,
    "confirmed": Place.CONFIRMED,
    "dial_started": Place.ON_CALL,
    "call_ended": Place.WRAP_UP,
    "ended": Place.ENDED,
    "returned": Place.RETURNED,
}
"""Where a fact leaves its contact; the other facts move none."""


class KafkaAuditLogs:
    """Reads record by record: memory does not grow with the logs."""

    def __init__(self, book: LogBook, intake_group: str) -> None:
        self._book = book
        self._intake_group = intake_group

    def decided(self, vector: Vector) -> Iterator[Accepted]:
        """Yield every counting record below the vector; see `AuditLogs.decided`."""
        for topic in (RULINGS, FACTS):
            reads = {n: vector.get((topic, n), Read(0, 0)) for n in self._book.bounds(topic)}
            # A record of which a part is recorded is read too, and cut behind that part.
            ends = {n: read.offset + (1 if read.entry else 0) for n, read in reads.items()}
            for judged in counting(self._book, topic, ends):
                read = reads[judged.arrived.partition]
                entries = read.entry if judged.arrived.offset == read.offset else None
                yield _accepted(judged, entries)

    def ends(self) -> Ends:
        """Ask for the ends of what enters; see `AuditLogs.ends`."""
        done = self._book.committed(self._intake_group, INTAKE)
        foreign = tuple(
            Foreign(partition, bounds.start, bounds.end, done.get(partition, 0))
            for partition, bounds in self._book.bounds(INTAKE).items()
        )
        contacts = {number: bounds.end for number, bounds in self._book.bounds(CONTACTS).items()}
        dead = {number: bounds.end for number, bounds in self._book.bounds(DEAD).items()}
        return Ends(foreign, contacts, dead)

    def dead(self, ends: Ends) -> Iterator[tuple[SetAside, Fate]]:
        """Yield what became of dead inputs; see `AuditLogs.dead`."""
        arrived = self._book.read(DEAD, _whole(ends.dead))
        fold = DeadFold().take_all(record for each in arrived if (record := parsed(each)))
        for case in fold.cases():
            topic, partition, offset, entry = case.letter.input
            yield SetAside(topic, At(partition, offset, entry)), _fate(case, ends)

    def arrived(self, ends: Ends) -> Iterator[Arrival]:
        """Yield the entries of the contacts log; see `AuditLogs.arrived`."""
        for arrived in self._book.read(CONTACTS, _whole(ends.contacts)):
            yield from _arrivals(arrived)


def identified(fact: facts_pb2.Fact) -> tuple[str, int] | None:
    """Return contact and release, as recorded, of a fact that moves one, else None."""
    kind = fact.WhichOneof("kind")
    if kind not in PLACE_AFTER:
        return None
    body: Any = getattr(fact, kind)
    if kind == "queued":
        body = body.contact
    elif kind != "returned":
        body = body.attempt
    return recorded_text(body.contact_id), recorded_release(body.release)


def _steps(record: FencedRecord, at: At, entries: int | None) -> tuple[Step, ...]:
    if not isinstance(record, facts_pb2.FactRecord):
        return ()
    return tuple(
        Step(*who, PLACE_AFTER[str(fact.WhichOneof("kind"))], at._replace(entry=index))
        for index, fact in enumerate(record.facts[:entries])
        if (who := identified(fact)) is not None
    )


def _accepted(judged: Counting, entries: int | None) -> Accepted:
    arrived, header = judged.arrived, judged.header
    at = At(arrived.partition, arrived.offset, 0)
    return Accepted(
        topic=arrived.topic,
        partition=arrived.partition,
        inputs=tuple((t, p, Read(read.offset, read.index)) for t, p, read in header.inputs),
        set_aside=tuple(
            SetAside(failure.topic, At(failure.partition, failure.offset, failure.index))
            for failure in header.failures
            if failure.set_aside
        ),
        steps=_steps(judged.record, at, entries),
    )


def _arrivals(arrived: Arrived) -> Iterator[Arrival]:
    at = At(arrived.partition, arrived.offset, 0)
    try:
        record = contacts_pb2.ContactRecord.FromString(arrived.value)
    except DecodeError:
        # It has no id to go by; its place in the log names it, and it must have been set aside.
        yield Arrival(f"unreadable/{at.partition}@{at.offset}", 0, at)
        return
    for index, contact in enumerate(record.contacts):
        source = (contact.source.partition, contact.source.offset)
        yield Arrival(
            recorded_text(contact.contact_id),
            recorded_release(contact.release),
            at._replace(entry=index),
            source if contact.HasField("source") else None,
        )


def _whole(ends: Mapping[int, int]) -> dict[int, Bounds]:
    return {number: Bounds(0, end) for number, end in ends.items()}


def _fate(case: Case, ends: Ends) -> Fate:
    last = case.last
    if last is None or last.how is How.BEGUN:
        return Fate.WAITS
    if last.how is How.DROPPED:
        return Fate.DROPPED
    if last.copy is None:
        return Fate.WAITS
    foreign = {each.partition: each.end for each in ends.foreign}
    end = (foreign if last.copy.topic == INTAKE else ends.contacts).get(last.copy.partition, 0)
    # What was sent after the ends were asked for is not counted there: it still counts here.
    return Fate.REQUEUED if last.copy.offset < end else Fate.WAITS

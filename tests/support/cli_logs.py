"""Write logs for the command line, as their deciders would."""

from collections.abc import Sequence

from seatline.contacts.v1 import contacts_pb2
from seatline.facts.v1 import facts_pb2, orders_pb2
from seatline.rulings.v1 import rulings_pb2
from services.runtime.fenced_log.header import (
    Failure,
    Fence,
    FencePoint,
    Header,
    Position,
    to_proto,
)
from tests.support.recorder_entries import NOON_MS, contact

RULINGS = "seatline.rulings.v1"
FACTS = "seatline.facts.v1"
CONTACTS = "seatline.contacts.v1"

Entry = rulings_pb2.Ruling | facts_pb2.Fact
Reads = Sequence[tuple[str, int, int]]


def fence(topic: str, epoch: int = 1) -> bytes:
    return record(topic, epoch=epoch, seq=0)


def record(
    topic: str,
    *entries: Entry,
    seq: int,
    epoch: int = 1,
    reads: Reads = (),
    failures: Sequence[Failure] = (),
) -> bytes:
    """Write a record; `reads` are (topic, partition, next offset) of its inputs."""
    header = to_proto(
        Header(
            point=FencePoint(epoch, epoch.to_bytes(16), seq),
            at_ms=NOON_MS + 1_000 * seq,
            inputs=tuple((t, p, Position(offset)) for t, p, offset in reads),
            control=Fence("slot-0") if seq == 0 else None,
            failures=tuple(failures),
        )
    )
    if topic == RULINGS:
        rulings = [entry for entry in entries if isinstance(entry, rulings_pb2.Ruling)]
        return rulings_pb2.RulingRecord(header=header, rulings=rulings).SerializeToString()
    facts = [entry for entry in entries if isinstance(entry, facts_pb2.Fact)]
    return facts_pb2.FactRecord(header=header, facts=facts).SerializeToString()


def set_aside(topic: str, partition: int, offset: int) -> Failure:
    return Failure(topic, partition, offset, 0, 3, set_aside=True, reason="ValueError")


def arrivals(*contact_ids: str, source: tuple[int, int] | None = None) -> bytes:
    contacts = [contact(contact_id) for contact_id in contact_ids]
    if source is not None:
        contacts[0].source.partition, contacts[0].source.offset = source
    return contacts_pb2.ContactRecord(contacts=contacts).SerializeToString()


def map_applied(version: int) -> facts_pb2.Fact:
    return facts_pb2.Fact(map_applied=orders_pb2.MapApplied(version=version))


def policy_applied(version: int) -> facts_pb2.Fact:
    return facts_pb2.Fact(policy_applied=orders_pb2.PolicyApplied(version=version))

"""Between intake's values and the wire. Reading is total: any bytes give a contact or a reason."""

from collections.abc import Iterator, Sequence

from google.protobuf.message import DecodeError

from seatline.contacts.v1 import contacts_pb2
from seatline.dead.v1 import dead_pb2
from seatline.intake.v1 import intake_pb2
from services.intake.adapters.json_in import read_json
from services.intake.domain.values import (
    ForeignContact,
    Letter,
    Person,
    SealedContact,
    Unfit,
    UnfitReason,
)
from services.runtime.packing import packed

INTAKE_TOPIC = "seatline.intake.v1"
CONTACTS_TOPIC = "seatline.contacts.v1"
DEAD_TOPIC = "seatline.dead.v1"

RECORD_BYTES_MAX = 256_000
RELEASE = 1
"""A foreign contact is released once; later releases are the bank's."""

_SPACE = b" \t\r\n"
_REASONS = {each: dead_pb2.DeadReason.Value(f"DEAD_REASON_{each.name}") for each in UnfitReason}


class ForeignReader:
    """Reads JSON when the first byte that is not a space is a brace, else protobuf."""

    def read(self, value: bytes) -> ForeignContact | Unfit:
        """Return what stands in a record, whatever the bytes."""
        if value.lstrip(_SPACE)[:1] == b"{":
            return read_json(value)
        return read_protobuf(value)


def read_protobuf(value: bytes) -> ForeignContact | Unfit:
    """Return what stands in a protobuf record, whatever the bytes."""
    try:
        message = intake_pb2.ForeignContact.FromString(value)
    except DecodeError:
        return Unfit(UnfitReason.UNREADABLE)
    due_at = message.due_at
    return ForeignContact(
        contact_id=message.contact_id,
        seat_id=message.seat_id,
        segment_id=message.segment_id,
        phone=message.phone,
        name=message.name,
        language=message.language,
        priority=message.priority if message.HasField("priority") else None,
        campaign=message.campaign,
        due_at_ms=due_at.seconds * 1000 + due_at.nanos // 1_000_000
        if message.HasField("due_at")
        else None,
    )


def person_bytes(person: Person) -> bytes:
    """Return the plain text that is sealed."""
    return contacts_pb2.SealedPerson(phone=person.phone, name=person.name).SerializeToString()


def contact_records(contacts: Sequence[SealedContact]) -> Iterator[bytes]:
    """Yield contacts records of at most 256 kB each, in the order of the contacts."""
    # Records of one contact, joined, are one record of all of them.
    entries = (
        contacts_pb2.ContactRecord(contacts=[_contact(each)]).SerializeToString()
        for each in contacts
    )
    return packed(entries, RECORD_BYTES_MAX) if contacts else iter(())


def dead_letter(letter: Letter) -> bytes:
    """Return a dead letter."""
    return dead_pb2.DeadLetter(
        service="intake",
        topic=INTAKE_TOPIC,
        partition=letter.partition,
        offset=letter.offset,
        reason=_REASONS[letter.unfit.reason],
        field=letter.unfit.field,
        sealed_payload=letter.sealed_payload,
        contact_id=letter.unfit.contact_id,
    ).SerializeToString()


def payload_context(partition: int, offset: int) -> bytes:
    """Return the associated data of a dead letter's sealed payload."""
    return f"{INTAKE_TOPIC}/{partition}/{offset}".encode()


def _contact(sealed: SealedContact) -> contacts_pb2.Contact:
    contact = sealed.contact
    message = contacts_pb2.Contact(
        contact_id=contact.contact_id,
        release=RELEASE,
        person_key=sealed.person.person_key,
        seat_id=contact.seat_id,
        segment_id=contact.segment_id,
        language=contact.language,
        priority=contact.priority,
        campaign=contact.campaign,
        sealed=sealed.person.sealed,
    )
    message.valid_until.FromMilliseconds(contact.valid_until_ms)
    if contact.due_at_ms is not None:
        message.due_at.FromMilliseconds(contact.due_at_ms)
    message.source.partition = contact.source_partition
    message.source.offset = contact.source_offset
    return message

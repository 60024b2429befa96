"""Contacts as a sender would append them: sealed, to the partition of their id."""

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from seatline.contacts.v1 import contacts_pb2
from services.runtime.partitioning import partition_of
from services.runtime.sealing import Sealer
from tests.support.load import CONTACTS, now_ms
from tests.support.stack import Stack

VALID_MS = 20 * 60 * 1_000


def contact(stack: Stack, contact_id: str, **fields: Any) -> contacts_pb2.Contact:
    sealer = Sealer.from_file(Path(stack.endpoints["key_file"]))
    phone = f"+91100{zlib.crc32(contact_id.encode()) % 10**7:07}"
    plain = contacts_pb2.SealedPerson(phone=phone, name="Asha Example").SerializeToString()
    made = contacts_pb2.Contact(
        **{
            "contact_id": contact_id,
            "release": 1,
            "person_key": sealer.person_key(phone),
            "priority": 5,
            "campaign": "rehearsal",
            "sealed": sealer.seal(plain, contact_id.encode()),
            **fields,
        }
    )
    made.valid_until.FromMilliseconds(now_ms() + VALID_MS)
    return made


def send(stack: Stack, contacts: Sequence[contacts_pb2.Contact]) -> None:
    """Append each contact as a record of its own and return once all are acknowledged."""
    producer = Producer({"bootstrap.servers": stack.endpoints["kafka"], "linger.ms": 0})
    refused: list[KafkaError] = []

    def note(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            refused.append(error)

    for each in contacts:
        partition = partition_of(each.contact_id.encode(), stack.endpoints["partitions"])
        value = contacts_pb2.ContactRecord(contacts=[each]).SerializeToString()
        producer.produce(CONTACTS, value, partition=partition, on_delivery=note)
    assert producer.flush(30) == 0
    assert not refused

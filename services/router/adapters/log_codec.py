"""The router's wire as the fenced log wants it."""

from collections.abc import Sequence

from seatline.log.v1 import log_pb2
from services.router.adapters.codec import (
    decode_contacts,
    decode_rulings,
    encode_entry,
    join,
    parsed,
)
from services.router.domain.contact import Contact
from services.router.domain.ruling import Ruling
from services.runtime.fenced_log.core import Batch
from services.runtime.fenced_log.header import Header, brief, from_proto, to_proto
from services.runtime.log_port import Arrived

_ROOM = 1_800
"""Bytes of a ruling besides the sealed text, at most: ids of 64 characters in four bytes each."""


class RouterCodec:
    """Rulings both ways, contacts in."""

    def header(self, value: bytes) -> Header:
        """Return the header of a rulings record, without reading its rulings."""
        return from_proto(parsed(log_pb2.Envelope, value).header)

    def brief(self, value: bytes) -> Header:
        """Return that header without positions and failures."""
        return brief(parsed(log_pb2.Envelope, value).header)

    def entries(self, value: bytes) -> Sequence[Ruling]:
        """Return the rulings of a record."""
        return decode_rulings(value)

    def record(self, header: Header, entries: Sequence[Ruling]) -> bytes:
        """Return a rulings record."""
        return join(to_proto(header), map(encode_entry, entries))

    def weight(self, entry: Ruling) -> int:
        """Return an upper bound of a ruling's bytes."""
        return _ROOM + len(entry.contact.sealed)

    def batch(self, arrived: Arrived) -> Batch[Contact]:
        """Return the contacts of a record, for the rulings partition of the same number.

        Raises:
            PoisonError: The bytes are no contacts record.
        """
        contacts = decode_contacts(arrived.value)
        return Batch(None, [(arrived.partition, contact) for contact in contacts])

"""The inputs behind dead letters: read from their topics, or opened from the letter."""

from collections.abc import Callable
from dataclasses import replace

from google.protobuf.message import DecodeError

from seatline.contacts.v1 import contacts_pb2
from seatline.rulings.v1 import rulings_pb2
from services.cli.adapters.dead_codec import sealed_payload
from services.cli.adapters.fenced import FencedPartition
from services.cli.adapters.log_book import Bounds, LogBook
from services.cli.adapters.topics import CONTACTS, DEAD, FACTS, INTAKE, RULINGS
from services.cli.domain.dead import Case, Copy, Input, Letter
from services.cli.domain.requeue import Entry, Original, Sending
from services.cli.errors import NotDoneError
from services.runtime.log_port import Arrived

FAILURE_WITHIN_RECORDS = 5_000
"""Behind a letter: its failure is the next thing that its writer, or the heir, writes of it."""
_BEFORE_MS = 5_000

Open = Callable[[bytes, bytes], bytes | None]
"""Opens sealed bytes under a context; None when they were sealed with another key."""


class LogOriginals:
    """Finds inputs, and makes the copies that are sent again."""

    def __init__(self, book: LogBook, opened: Open) -> None:
        """Use a book.

        Args:
            book: Where inputs are read.
            opened: Opens the sealed payload of a letter.
        """
        self._book = book
        self._opened = opened

    def find(self, letter: Letter) -> Original | None:
        """Return the input of a letter; see `Originals.find`."""
        arrived = self._record(letter.input)
        if arrived is not None:
            entry = entry_of(letter.input, arrived.value)
            return Original(arrived.value, arrived.appended_at_ms, entry)
        payload = self._payload(letter)
        return None if payload is None else Original(payload, letter.at_ms)

    def copy_of(self, case: Case, original: Original, sending: Sending) -> bytes:
        """Return the record that is sent again; see `Originals.copy_of`."""
        if not sending.release:
            return original.value
        contact = contacts_pb2.Contact()
        contact.CopyFrom(_contact(case.letter.input, original.value))
        contact.release = sending.release
        if sending.valid_until_ms is not None:
            contact.valid_until.FromMilliseconds(sending.valid_until_ms)
        return contacts_pb2.ContactRecord(contacts=[contact]).SerializeToString()

    def end(self, topic: str, partition: int) -> int:
        """Return the end of a partition; see `Originals.end`."""
        return self._book.bounds(topic)[partition].end

    def sent(self, copy: Copy, original: Original) -> Copy | None:
        """Look for what an interrupted requeue sent; see `Originals.sent`."""
        bounds = self._book.bounds(copy.topic)[copy.partition]
        wanted = Bounds(copy.offset, bounds.end)
        for arrived in self._book.read(copy.topic, {copy.partition: wanted}):
            if _is_copy(arrived.value, copy, original):
                return replace(copy, offset=arrived.offset)
        if bounds.start > copy.offset:
            raise NotDoneError(
                f"{copy.topic}/{copy.partition}: an earlier requeue was interrupted, and the topic "
                "no longer keeps what it may have sent: see `seatline explain` of the contact, "
                "then drop the letter"
            )
        return None

    def gave_up(self, letter: Letter, dispatcher: int) -> bool:
        """Tell whether a dispatcher passed a ruling over; see `Originals.gave_up`."""
        start = self._book.offsets_at(FACTS, letter.at_ms - _BEFORE_MS)[dispatcher]
        end = min(self._book.bounds(FACTS)[dispatcher].end, start + FAILURE_WITHIN_RECORDS)
        judge = FencedPartition(FACTS, dispatcher)
        for arrived in self._book.read(FACTS, {dispatcher: Bounds(start, end)}):
            judged = judge.judge(arrived)
            for failure in judged.header.failures if judged is not None else ():
                place = (failure.topic, failure.partition, failure.offset, failure.index)
                if failure.set_aside and place == letter.input:
                    return True
        return False

    def _record(self, source: Input) -> Arrived | None:
        bounds = self._book.bounds(source.topic).get(source.partition)
        if bounds is None or not bounds.start <= source.offset < bounds.end:
            return None
        one = {source.partition: Bounds(source.offset, source.offset + 1)}
        return next(iter(list(self._book.read(source.topic, one))), None)

    def _payload(self, letter: Letter) -> bytes | None:
        if not letter.sealed_bytes or letter.input.topic != INTAKE:
            return None
        arrived = self._record(Input(DEAD, letter.id.partition, letter.id.offset, 0))
        if arrived is None:
            return None
        context = f"{INTAKE}/{letter.input.partition}/{letter.input.offset}".encode()
        return self._opened(sealed_payload(arrived), context)


def entry_of(source: Input, value: bytes) -> Entry | None:
    """Return the contact in an input; None when there is none to be read."""
    try:
        contact = _contact(source, value)
    except (DecodeError, IndexError, LookupError):
        return None
    dispatcher = None
    if source.topic == RULINGS:
        ruling = rulings_pb2.RulingRecord.FromString(value).rulings[source.entry]
        if ruling.WhichOneof("outcome") != "routed":
            return None
        dispatcher = ruling.routed.partition
    return Entry(
        contact.contact_id,
        contact.release,
        contact.valid_until.ToMilliseconds(),
        source.partition,
        dispatcher,
    )


def _contact(source: Input, value: bytes) -> contacts_pb2.Contact:
    if source.topic == CONTACTS:
        return contacts_pb2.ContactRecord.FromString(value).contacts[source.entry]
    if source.topic == RULINGS:
        return rulings_pb2.RulingRecord.FromString(value).rulings[source.entry].contact
    raise LookupError(source.topic)


def _is_copy(value: bytes, copy: Copy, original: Original) -> bool:
    if not copy.release or original.entry is None:
        return value == original.value
    try:
        contacts = contacts_pb2.ContactRecord.FromString(value).contacts
    except DecodeError:
        return False
    wanted = (original.entry.contact_id, copy.release)
    return any((contact.contact_id, contact.release) == wanted for contact in contacts)

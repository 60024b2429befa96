import pytest

from seatline.contacts.v1 import contacts_pb2
from seatline.log.v1 import log_pb2
from seatline.rulings.v1 import rulings_pb2
from services.router.adapters import codec
from services.router.domain.contact import ForeignSource
from services.router.domain.ruling import (
    Held,
    HeldReason,
    Outcome,
    Refused,
    RefusedReason,
    Routed,
    Ruling,
)
from services.router.domain.seat_table import CentreId
from services.runtime.errors import PoisonError
from tests.unit.router.values import ELEVEN_MS, contact

HEADER = log_pb2.Header(epoch=3, owner=b"o" * 16, seq=9)


def test_a_contacts_record_is_read_in_its_order_with_every_field() -> None:
    record = contacts_pb2.ContactRecord()
    message = record.contacts.add(
        contact_id="contact-1",
        release=1,
        person_key=b"p" * 16,
        seat_id="S24-35",
        segment_id="S24-AC171",
        language="hi",
        priority=5,
        campaign="survey",
        sealed=b"sealed text",
    )
    message.valid_until.FromMilliseconds(ELEVEN_MS + 1)
    message.due_at.FromMilliseconds(ELEVEN_MS + 2)
    message.source.partition = 4
    message.source.offset = 5
    record.contacts.add(contact_id="contact-2")
    first, second = codec.decode_contacts(record.SerializeToString())
    assert first == contact(
        segment_id="S24-AC171",
        valid_until_ms=ELEVEN_MS + 1,
        due_at_ms=ELEVEN_MS + 2,
        source=ForeignSource(4, 5),
    )
    assert (second.contact_id, second.valid_until_ms, second.source) == ("contact-2", None, None)


@pytest.mark.parametrize(
    "outcome",
    [
        Routed(CentreId("C001"), 3, ELEVEN_MS, overflow=True),
        Held(HeldReason.NOT_DUE, ELEVEN_MS + 7),
        *[Held(reason) for reason in HeldReason],
        *[Refused(reason, "field") for reason in RefusedReason],
    ],
)
def test_every_outcome_survives_the_wire(outcome: Outcome) -> None:
    ruling = Ruling(contact(source=ForeignSource(0, 0)), contact().seat_id, 4, 5, outcome)
    value = codec.encode_rulings(HEADER, [ruling, ruling])
    assert codec.decode_rulings(value) == [ruling, ruling]
    assert rulings_pb2.RulingRecord.FromString(value).header == HEADER


def test_a_record_without_entries_has_no_rulings() -> None:
    assert codec.decode_rulings(codec.join(HEADER, [])) == []


@pytest.mark.parametrize(
    ("message", "named"),
    [
        (rulings_pb2.Ruling(), "without an outcome"),
        (rulings_pb2.Ruling(held=rulings_pb2.Held()), "held.reason 0"),
        (rulings_pb2.Ruling(refused=rulings_pb2.Refused(reason=77)), "refused.reason 77"),  # type: ignore[arg-type]
    ],
)
def test_an_entry_not_known_here_is_poison(message: rulings_pb2.Ruling, named: str) -> None:
    value = rulings_pb2.RulingRecord(rulings=[message]).SerializeToString()
    with pytest.raises(PoisonError, match=named):
        codec.decode_rulings(value)


def test_bytes_that_are_no_record_are_poison_and_not_quoted() -> None:
    with pytest.raises(PoisonError) as caught:
        codec.decode_contacts(b"+91 00000 12345")
    assert "12345" not in str(caught.value)

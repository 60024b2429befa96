import json

from hypothesis import given
from hypothesis import strategies as st

from seatline.intake.v1 import intake_pb2
from services.intake.adapters.codec import ForeignReader, contact_records, dead_letter
from services.intake.domain.checking import ID_CHARS_MAX, Rules, check
from services.intake.domain.values import (
    CheckedContact,
    ForeignContact,
    ForeignRecord,
    Letter,
    SealedContact,
    SealedPerson,
    Unfit,
)

RULES = Rules("IN", strict_phones=False, valid_ms=3_600_000)
NAMES = sorted(intake_pb2.ForeignContact.DESCRIPTOR.fields_by_name)

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80)
json_like = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
objects = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=9), json_like, max_size=9)


def handled(value: bytes) -> None:
    record = ForeignRecord(0, 0, 1_900_000_000_000, value)
    foreign = ForeignReader().read(value)
    found = check(foreign, record, RULES) if isinstance(foreign, ForeignContact) else foreign
    if isinstance(found, Unfit):
        assert len(found.contact_id) <= ID_CHARS_MAX
        assert found.field in {"", "(unknown name)", *NAMES}
        assert dead_letter(Letter(0, 0, found, b""))
    else:
        assert isinstance(found, CheckedContact)
        assert found.person.phone.startswith("+")
        (sent,) = contact_records([SealedContact(found, SealedPerson(b"k" * 16, b"s"))])
        assert found.contact_id.encode() in sent


@given(st.binary(max_size=300))
def test_random_bytes_become_a_contact_or_a_dead_letter(value: bytes) -> None:
    handled(value)
    handled(b"{" + value)


@given(objects)
def test_any_object_becomes_a_contact_or_a_dead_letter(fields: dict[str, object]) -> None:
    handled(json.dumps(fields).encode())
    handled(
        json.dumps({"contact_id": "c", "seat_id": "s", "phone": "1000000001", **fields}).encode()
    )


@given(st.data())
def test_a_damaged_record_becomes_a_contact_or_a_dead_letter(data: st.DataObject) -> None:
    message = intake_pb2.ForeignContact(contact_id="c", seat_id="s", phone="1000000001", name="n")
    message.due_at.FromMilliseconds(1_900_000_000_000)
    value = bytearray(message.SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    handled(bytes(value))

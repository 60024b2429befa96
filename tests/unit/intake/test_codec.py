import json
from typing import Any

import pytest

from seatline.contacts.v1 import contacts_pb2
from seatline.dead.v1 import dead_pb2
from seatline.intake.v1 import intake_pb2
from services.intake.adapters.codec import (
    RECORD_BYTES_MAX,
    ForeignReader,
    contact_records,
    dead_letter,
    payload_context,
)
from services.intake.domain.values import (
    CheckedContact,
    ForeignContact,
    Letter,
    Person,
    SealedContact,
    SealedPerson,
    Unfit,
    UnfitReason,
)

GOOD: dict[str, Any] = {"contact_id": "c1", "seat_id": "S24-35", "phone": "1", "name": "Asha"}
UNREADABLE = Unfit(UnfitReason.UNREADABLE)


def read(value: bytes | dict[str, Any]) -> ForeignContact | Unfit:
    return ForeignReader().read(value if isinstance(value, bytes) else json.dumps(value).encode())


def test_json_and_protobuf_say_the_same() -> None:
    message = intake_pb2.ForeignContact(**GOOD, priority=0, campaign="survey", language="hi")
    message.due_at.FromMilliseconds(1_900_000_000_250)
    fields = {**GOOD, "priority": 0, "campaign": "survey", "language": "hi"}
    expected = ForeignContact(**fields, due_at_ms=1_900_000_000_250)
    assert read(message.SerializeToString()) == expected
    assert read({**fields, "due_at": "2030-03-17T17:46:40.250Z"}) == expected
    assert read({**fields, "due_at": "2030-03-17T23:16:40.250+05:30"}) == expected


def test_what_is_absent_stays_absent() -> None:
    expected = ForeignContact(**GOOD)
    assert read(intake_pb2.ForeignContact(**GOOD).SerializeToString()) == expected
    assert read(GOOD) == expected
    assert read({**GOOD, "priority": None, "campaign": None}) == expected


def test_json_may_begin_with_space() -> None:
    assert read(b" \r\n\t" + json.dumps(GOOD).encode()) == ForeignContact(**GOOD)


@pytest.mark.parametrize(
    "value",
    [
        b"\xff\xfe\x00",
        b"{",
        b'{"a": ',
        b'{"contact_id": "\xc3\x28"}',
        b'{"priority": NaN}',
        b'{"priority": -Infinity}',
        b'{"priority": ' + b"9" * 5000 + b"}",
        b'{"name": ' + b"[" * 50_000,
        b'{"name": ' + b'{"name": ' * 20_000,
        b"{}{}",
    ],
)
def test_rubbish_is_unreadable(value: bytes) -> None:
    assert read(value) == UNREADABLE


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", {"first": "Asha"}),
        ("name", ["Asha"]),
        ("phone", 1000000001),
        ("seat_id", False),
        ("priority", "5"),
        ("priority", 5.0),
        ("priority", True),
        ("due_at", 1_900_000_000),
        ("due_at", "tomorrow"),
        ("due_at", "2030-03-17T17:46:40"),
        ("due_at", "99999-03-17T17:46:40Z"),
    ],
)
def test_a_field_of_the_wrong_type_is_named(field: str, value: Any) -> None:
    assert read({**GOOD, field: value}) == Unfit(UnfitReason.INVALID_FIELD, field, "c1")


def test_a_number_beyond_all_bounds_is_named() -> None:
    value = b'{"contact_id": "c1", "priority": 1e999}'
    assert read(value) == Unfit(UnfitReason.INVALID_FIELD, "priority", "c1")


def test_a_name_that_stands_twice_is_refused() -> None:
    value = b'{"contact_id": "c1", "phone": "1", "phone": "2"}'
    assert read(value) == Unfit(UnfitReason.INVALID_FIELD, "phone")


def test_a_name_that_is_not_ours_is_refused_and_not_repeated() -> None:
    expected = Unfit(UnfitReason.INVALID_FIELD, "(unknown name)", "c1")
    assert read({**GOOD, "+91 10000 00001": "Asha"}) == expected
    assert read({**GOOD, "dueAt": "2030-03-17T17:46:40Z"}) == expected


def sealed(contact_id: str, due_at_ms: int | None = None, size: int = 100) -> SealedContact:
    contact = CheckedContact(
        contact_id=contact_id,
        valid_until_ms=1_900_000_000_000,
        person=Person("+911000000001", "Asha"),
        seat_id="S24-35",
        segment_id="",
        language="hi",
        priority=5,
        campaign="survey",
        due_at_ms=due_at_ms,
        source_partition=0,
        source_offset=0,
    )
    return SealedContact(contact, SealedPerson(b"k" * 16, b"s" * size))


def test_contacts_become_one_record_in_their_order() -> None:
    (value,) = contact_records([sealed("c1", 1_900_000_000_001), sealed("c2")])
    first, second = contacts_pb2.ContactRecord.FromString(value).contacts
    assert (first.contact_id, first.release, second.contact_id) == ("c1", 1, "c2")
    assert first.due_at.ToMilliseconds() == 1_900_000_000_001
    assert first.HasField("source")
    assert not second.HasField("due_at")


def test_records_stay_below_their_limit_and_lose_nothing() -> None:
    contacts = [sealed(f"c{index}", size=4000) for index in range(200)]
    values = list(contact_records(contacts))
    assert len(values) > 1
    assert all(len(value) <= RECORD_BYTES_MAX for value in values)
    found = [c for v in values for c in contacts_pb2.ContactRecord.FromString(v).contacts]
    assert [each.contact_id for each in found] == [f"c{index}" for index in range(200)]


@pytest.mark.parametrize("reason", list(UnfitReason))
def test_a_dead_letter_says_where_and_why(reason: UnfitReason) -> None:
    letter = Letter(2, 9, Unfit(reason, "phone", "c1"), b"sealed")
    found = dead_pb2.DeadLetter.FromString(dead_letter(letter))
    assert dead_pb2.DeadReason.Name(found.reason) == f"DEAD_REASON_{reason.name}"
    assert (found.topic, found.partition, found.offset) == ("seatline.intake.v1", 2, 9)
    assert (found.service, found.field, found.contact_id) == ("intake", "phone", "c1")
    assert found.sealed_payload == b"sealed"
    assert payload_context(2, 9) == b"seatline.intake.v1/2/9"


def test_no_contacts_are_no_record() -> None:
    assert list(contact_records([])) == []

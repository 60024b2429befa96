from typing import Any

import pytest

from services.intake.domain.checking import Rules, check
from services.intake.domain.values import (
    CheckedContact,
    ForeignContact,
    ForeignRecord,
    Unfit,
    UnfitReason,
)

APPENDED_MS = 1_900_000_000_000
RECORD = ForeignRecord(3, 17, APPENDED_MS, b"")
RULES = Rules("IN", strict_phones=False, valid_ms=3_600_000)


def checked(**changes: Any) -> CheckedContact | Unfit:
    fields = {"contact_id": "c1", "seat_id": "S24-35", "phone": "10000 00001", **changes}
    return check(ForeignContact(**fields), RECORD, RULES)


def test_a_contact_takes_its_time_and_its_source_from_the_record() -> None:
    contact = checked(name="Asha Example")
    assert isinstance(contact, CheckedContact)
    assert contact.valid_until_ms == APPENDED_MS + 3_600_000
    assert (contact.source_partition, contact.source_offset) == (3, 17)
    assert (contact.person.phone, contact.priority) == ("+911000000001", 5)
    assert contact == checked(name="Asha Example")


def test_a_person_never_shows_in_a_representation() -> None:
    contact = checked(name="Asha Example")
    assert "Asha" not in repr(contact)
    assert "10000" not in repr(contact)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"contact_id": ""}, "contact_id"), ({"phone": ""}, "phone"), ({"seat_id": ""}, "seat_id")],
)
def test_a_missing_field_is_named(changes: dict[str, Any], field: str) -> None:
    contact_id = changes.get("contact_id", "c1")
    assert checked(**changes) == Unfit(UnfitReason.MISSING_FIELD, field, contact_id)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seat_id", "S" * 65),
        ("segment_id", "a\x00b"),
        ("campaign", "\ud800"),
        ("language", "too-long-a-code"),
        ("phone", "1" * 33),
        ("name", "x" * 201),
        ("name", "Asha\x07"),
        ("name", "Asha\ud800"),
        ("priority", 10),
        ("priority", -1),
        ("priority", 10**40),
        ("due_at_ms", -1),
        ("due_at_ms", APPENDED_MS + 400 * 24 * 3_600_000),
    ],
)
def test_a_field_outside_its_bounds_is_named(field: str, value: Any) -> None:
    named = field.removesuffix("_ms")
    assert checked(**{field: value}) == Unfit(UnfitReason.INVALID_FIELD, named, "c1")


@pytest.mark.parametrize("contact_id", ["c" * 65, "c" * 1_000_000, "a\nb", "\udc00"])
def test_an_id_that_is_not_fit_to_be_shown_is_not_shown(contact_id: str) -> None:
    expected = Unfit(UnfitReason.INVALID_FIELD, "contact_id", "")
    assert checked(contact_id=contact_id) == expected


@pytest.mark.parametrize("phone", ["123", "not a number", "+0", "+91 " + "9" * 20, "++++"])
def test_a_number_that_cannot_be_one_is_refused(phone: str) -> None:
    assert checked(phone=phone) == Unfit(UnfitReason.INVALID_PHONE, "phone", "c1")


@pytest.mark.parametrize(
    "phone", ["10000-00001", "+91 10000 00001", "0091 1000000001", "01000000001"]
)
def test_equal_numbers_are_equal_however_they_are_written(phone: str) -> None:
    contact = checked(phone=phone)
    assert isinstance(contact, CheckedContact)
    assert contact.person.phone == "+911000000001"


def test_strict_phones_must_lie_in_an_assigned_range() -> None:
    strict = Rules("IN", strict_phones=True, valid_ms=1)
    foreign = ForeignContact(contact_id="c1", seat_id="S24-35", phone="10000 00001")
    assert check(foreign, RECORD, strict) == Unfit(UnfitReason.INVALID_PHONE, "phone", "c1")


def test_a_name_in_a_script_that_joins_letters_is_a_name() -> None:
    assert isinstance(checked(name="क्‍ष उदाहरण"), CheckedContact)

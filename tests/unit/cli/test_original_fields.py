import json

import pytest

from seatline.commands.v1 import commands_pb2
from seatline.contacts.v1 import contacts_pb2
from seatline.intake.v1 import intake_pb2
from seatline.rulings.v1 import rulings_pb2
from services.cli.adapters.original_fields import shown_fields
from services.cli.domain.dead import COMMANDS, CONTACTS, INTAKE, RULINGS, Input
from tests.support.recorder_entries import contact, routed

PERSON = "+91 10000 00001 Asha Example"


def shown(topic: str, value: bytes, entry: int = 0) -> dict[str, object]:
    return shown_fields(Input(topic, 0, 7, entry), value)


def test_of_a_foreign_record_codes_are_shown_and_texts_only_as_their_length() -> None:
    fields = {
        "contact_id": "c-1",
        "seat_id": "S24-35",
        "segment_id": "S24-AC171",
        "language": "hi",
        "phone": "+91 10000 00001",
        "priority": 99,
        "wish": "none of ours",
    }
    assert shown(INTAKE, json.dumps(fields).encode()) == {
        "form": "json",
        "contact_id": "(3 characters)",
        "seat_id": "S24-35",
        "segment_id": "S24-AC171",
        "language": "hi",
        "phone": "(15 characters)",
        "priority": 99,
        "unknown_fields": 1,
    }


@pytest.mark.parametrize(
    "field",
    ["contact_id", "seat_id", "segment_id", "language", "campaign", "phone", "name", "due_at"],
)
@pytest.mark.parametrize("value", [PERSON, [PERSON], {PERSON: PERSON}])
def test_whatever_field_a_person_is_put_into_it_is_not_shown(field: str, value: object) -> None:
    said = json.dumps(shown(INTAKE, json.dumps({field: value, PERSON: 1}).encode()))
    assert not [part for part in PERSON.split() if part in said]


@pytest.mark.parametrize("number", [911000000001, -911000000001, 1e11, True])
def test_a_number_that_no_priority_has_is_not_shown(number: object) -> None:
    said = shown(INTAKE, json.dumps({"priority": number}).encode())
    assert said == {"form": "json", "priority": "(no such number)"}


def test_a_protobuf_record_is_shown_in_the_same_way() -> None:
    foreign = intake_pb2.ForeignContact(contact_id="c-1", seat_id=PERSON, priority=4)
    assert shown(INTAKE, foreign.SerializeToString()) == {
        "form": "protobuf",
        "contact_id": "(3 characters)",
        "seat_id": f"({len(PERSON)} characters)",
        "priority": 4,
    }


@pytest.mark.parametrize("topic", [INTAKE, CONTACTS, RULINGS, COMMANDS, "seatline.other.v1"])
@pytest.mark.parametrize("value", [b"", b"\xff", b"{", b'{"a":' * 100_000, b"[]", b'{"a": NaN}'])
def test_what_cannot_be_read_shows_no_text_of_it(topic: str, value: bytes) -> None:
    assert shown(topic, value).keys() <= {"form", "unknown_fields"}


def test_of_a_contact_and_of_a_ruling_everything_but_the_person_is_shown() -> None:
    sealed = contact("c-1", sealed=b"sealed text")
    entry = contacts_pb2.ContactRecord(contacts=[contact("other"), sealed]).SerializeToString()
    fields = shown(CONTACTS, entry, 1)
    assert (fields["contact_id"], fields["release"], fields["seat_id"]) == ("c-1", 1, "S24-35")
    assert fields["sealed"] == "11 bytes"
    assert "person_key" not in fields
    ruling = rulings_pb2.RulingRecord(rulings=[routed("c-1")]).SerializeToString()
    fields = shown(RULINGS, ruling)
    assert (fields["outcome"], fields["centre_id"], fields["map_version"]) == ("routed", "C001", 7)


def test_of_a_command_its_kind_is_shown() -> None:
    record = commands_pb2.CommandRecord()
    record.commands.add().accept_offer.session_id = PERSON
    assert shown(COMMANDS, record.SerializeToString()) == {"command": "accept_offer"}

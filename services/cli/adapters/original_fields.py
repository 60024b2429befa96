"""What of a dead input may be shown: its form and its codes, nothing that says who it is about."""

import json
import re
from typing import Any

from google.protobuf.message import DecodeError

from seatline.commands.v1 import commands_pb2
from seatline.contacts.v1 import contacts_pb2
from seatline.intake.v1 import intake_pb2
from seatline.rulings.v1 import rulings_pb2
from services.cli.adapters.topics import CONTACTS, INTAKE, RULINGS
from services.cli.domain.dead import COMMANDS, Input

Fields = dict[str, Any]

_FOREIGN = ("contact_id", "seat_id", "segment_id", "language", "campaign", "phone", "name")
_FORMS = {
    "seat_id": re.compile(r"[A-Z][0-9]{2}-[0-9]{1,3}"),
    "segment_id": re.compile(r"[A-Z][0-9]{2}-AC[0-9]{1,3}"),
    "language": re.compile(r"[a-z]{2,3}"),
}
"""Of a foreign record a text is shown only in a form that no name and no number has."""
_PRIORITY_SHOWN_MAX = 999
"""What is larger may be a number to be dialled."""


def shown_fields(source: Input, value: bytes) -> Fields:
    """Return the fields of an input that may be shown; empty when it cannot be read.

    Of a foreign record, whose producer may have put anything anywhere, texts are shown as their
    length unless they have the form of a code.
    """
    readers = {CONTACTS: _entry, RULINGS: _ruling, INTAKE: _foreign, COMMANDS: _command}
    try:
        return readers[source.topic](source, value) if source.topic in readers else {}
    except (DecodeError, IndexError, ValueError, RecursionError):
        return {}


def _entry(source: Input, value: bytes) -> Fields:
    return _contact(contacts_pb2.ContactRecord.FromString(value).contacts[source.entry])


def _contact(contact: contacts_pb2.Contact) -> Fields:
    fields: Fields = {
        name: getattr(contact, name)
        for name in ("contact_id", "release", "seat_id", "segment_id", "language", "priority")
    }
    fields["campaign"] = contact.campaign
    for name in ("valid_until", "due_at"):
        if contact.HasField(name):
            fields[f"{name}_ms"] = getattr(contact, name).ToMilliseconds()
    if contact.HasField("source"):
        fields["source"] = f"intake/{contact.source.partition}@{contact.source.offset}"
    fields["sealed"] = f"{len(contact.sealed)} bytes"
    return fields


def _ruling(source: Input, value: bytes) -> Fields:
    ruling = rulings_pb2.RulingRecord.FromString(value).rulings[source.entry]
    outcome = str(ruling.WhichOneof("outcome"))
    fields = {**_contact(ruling.contact), "outcome": outcome, "map_version": ruling.map_version}
    if outcome == "routed":
        fields["centre_id"] = ruling.routed.centre_id
        fields["partition"] = ruling.routed.partition
        fields["allow_until_ms"] = ruling.routed.allow_until.ToMilliseconds()
    return fields


def _command(source: Input, value: bytes) -> Fields:
    record = commands_pb2.CommandRecord.FromString(value)
    return {"command": str(record.commands[source.entry].WhichOneof("kind"))}


def _foreign(source: Input, value: bytes) -> Fields:
    del source
    if value.lstrip(b" \t\r\n")[:1] == b"{":
        parsed = json.loads(value.decode())
        texts = {name: parsed[name] for name in _FOREIGN if name in parsed}
        fields: Fields = {name: _text(name, text) for name, text in texts.items()}
        priority = parsed.get("priority")
        unknown = sum(1 for name in parsed if name not in (*_FOREIGN, "priority", "due_at"))
        form = "json"
    else:
        message = intake_pb2.ForeignContact.FromString(value)
        fields = {n: _text(n, getattr(message, n)) for n in _FOREIGN if getattr(message, n)}
        priority = message.priority if message.HasField("priority") else None
        unknown, form = 0, "protobuf"
    if priority is not None:
        is_small = type(priority) is int and abs(priority) <= _PRIORITY_SHOWN_MAX
        fields["priority"] = priority if is_small else "(no such number)"
    if unknown:
        fields["unknown_fields"] = unknown
    return {"form": form, **fields}


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        return f"({type(value).__name__}, no text)"
    if name in _FORMS and _FORMS[name].fullmatch(value):
        return value
    return f"({len(value)} characters)"

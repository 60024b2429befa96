"""Operators' orders between the wire and their values."""

from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2, session_pb2
from seatline.map.v1 import map_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.cli.adapters.recorded_ids import recorded_text
from services.cli.adapters.story_codec import word as word_of
from services.cli.adapters.topics import MAP
from services.cli.domain.orders import BY_MAX, REFUSED, WHY_MAX, Word
from services.cli.domain.scope import Kind, Scope
from services.cli.errors import NotDoneError
from services.cli.ports.signature import Signature
from services.runtime.log_port import Arrived

_SCOPES: dict[Kind, map_pb2.StopScope.ValueType] = {
    Kind.ALL: map_pb2.STOP_SCOPE_ALL,
    Kind.CAMPAIGN: map_pb2.STOP_SCOPE_CAMPAIGN,
    Kind.SEAT: map_pb2.STOP_SCOPE_SEAT,
    Kind.CENTRE: map_pb2.STOP_SCOPE_CENTRE,
}
_KINDS = {number: kind for kind, number in _SCOPES.items()}
_PERSON_DIGITS = 8
_COMMANDS = {"end_session": "end-session", "release_contact": "release", "drain_centre": "drain"}


def scope_of(message: Any) -> Scope:
    """Return what a stop, a resume, or the fact of one covers."""
    return Scope(_KINDS[message.scope], message.id)


def stop_key(scope: Scope) -> bytes:
    """Return the key of a scope's newest stop or resume."""
    return f"stop/{_SCOPES[scope.kind]}/{scope.id}".encode()


def stop_record(scope: Scope, signature: Signature, *, resume: bool) -> bytes:
    """Return a stop, or its end, as a record."""
    record = map_pb2.MapRecord(by=signature.by, why=signature.why)
    order = record.resume if resume else record.stop
    order.scope = _SCOPES[scope.kind]
    order.id = scope.id
    return record.SerializeToString()


def end_session_record(session_id: str, signature: Signature, *, interrupt: bool) -> bytes:
    """Return the order to end a session as a record of commands."""
    command = commands_pb2.Command()
    command.end_session.session_id = session_id
    command.end_session.interrupt = interrupt
    command.end_session.by, command.end_session.why = signature.by, signature.why
    return commands_pb2.CommandRecord(commands=[command]).SerializeToString()


def release_record(contact_id: str, signature: Signature) -> bytes:
    """Return the order to hand a contact back as a record of commands."""
    command = commands_pb2.Command()
    command.release_contact.contact_id = contact_id
    command.release_contact.by, command.release_contact.why = signature.by, signature.why
    return commands_pb2.CommandRecord(commands=[command]).SerializeToString()


def parsed(arrived: Arrived) -> map_pb2.MapRecord:
    """Return a record of the map log.

    Raises:
        NotDoneError: It is none.
    """
    try:
        return map_pb2.MapRecord.FromString(arrived.value)
    except DecodeError as error:
        raise NotDoneError(
            f"{MAP}@{arrived.offset}: no record of this log; look at who wrote it"
        ) from error


def word_of_record(arrived: Arrived) -> Word:
    """Return an order of the map log."""
    record = parsed(arrived)
    kind = str(record.WhichOneof("kind"))
    body = getattr(record, kind, None)
    versioned = kind in ("seat_map", "policy")
    action = {"seat_map": "map"}.get(kind, kind)
    subject = f"version {getattr(body, 'version', 0)}" if versioned else scope_of(body).name
    by, why = record.by[:BY_MAX], record.why[:WHY_MAX]
    return Word(arrived.appended_at_ms, by, why, action, subject)


def word_of_fact(fact: facts_pb2.Fact, partition: int, *, recorded: bool) -> Word | None:
    """Return what a fact says of an operator's order; None when it answers none."""
    kind = str(fact.WhichOneof("kind"))
    body = getattr(fact, kind)
    if "signature" not in body.DESCRIPTOR.fields_by_name or not body.HasField("signature"):
        return None
    signature = body.signature
    action, subject, answer = _ANSWERS[kind](body)
    at_ms = signature.ordered_at.ToMilliseconds()
    said = (at_ms, signature.by, signature.why, action, subject, answer, partition, recorded)
    refused = kind == "command_refused"
    return Word(*said, session_id=body.session_id if refused else "")


def _withdrawn(body: Any) -> tuple[str, str, str]:
    # Enough of a person key to tell two orders apart, and not to look a person up by.
    person = body.person_key.hex()[:_PERSON_DIGITS]
    kind = word_of(suppressions_pb2.WithdrawalKind, body.kind)
    return "withdraw", f"contact {body.contact_id}" if body.contact_id else f"person {person}", kind


def _refused(body: session_pb2.CommandRefused) -> tuple[str, str, str]:
    subject = body.session_id if body.command == "end_session" else body.attempt.contact_id
    answer = f"{REFUSED}{word_of(session_pb2.RefusalReason, body.reason)}"
    return _COMMANDS.get(body.command, body.command), recorded_text(subject), answer


_ANSWERS: dict[str, Callable[[Any], tuple[str, str, str]]] = {
    "map_applied": lambda body: ("map", f"version {body.version}", "applied"),
    "policy_applied": lambda body: ("policy", f"version {body.version}", "applied"),
    "stop_applied": lambda body: ("stop", scope_of(body).name, "applied"),
    "stop_lifted": lambda body: ("resume", scope_of(body).name, "applied"),
    "withdrawal_applied": _withdrawn,
    "centre_draining": lambda body: ("drain", body.centre_id, "draining"),
    "signed_out": lambda body: ("end-session", recorded_text(body.session_id), "ended"),
    "session_draining": lambda body: ("end-session", recorded_text(body.session_id), "draining"),
    "returned": lambda body: ("release", recorded_text(body.contact_id), "returned"),
    "command_refused": _refused,
}
"""What is ordered, about what, and what came of it, by the kind of the fact that answers."""

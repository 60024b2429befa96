"""The dispatcher's wire: facts both ways; commands, rulings, orders in. Only `PoisonError`."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from seatline.commands.v1 import commands_pb2
from seatline.contacts.v1 import contacts_pb2
from seatline.facts.v1 import facts_pb2
from seatline.log.v1 import log_pb2
from seatline.map.v1 import map_pb2
from seatline.rulings.v1 import rulings_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.dispatcher.adapters import topics
from services.dispatcher.domain import facts, inputs
from services.runtime.errors import PoisonError
from services.runtime.fenced_log.core import EVERY_PARTITION, Batch
from services.runtime.fenced_log.header import Header, brief, from_proto, to_proto
from services.runtime.log_port import Arrived
from services.runtime.mirror import Mirror

ID_MAX = 64
_PAUSE_REASON_MAX = 32
_LANGUAGES_MAX = 16
_LANGUAGE_MAX = 16
_SIGNATURE_BYTES = 50 + 4 * (inputs.BY_MAX + inputs.WHY_MAX)
_NONCES_MAX = 5_000


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _of(field: Any) -> Any:
    return field.message_type


def _mirrors(union: Any, message: type[Message]) -> dict[str, Mirror[Any]]:
    """Pair each class of a union with the field of that name in the message's `kind`."""
    fields = message.DESCRIPTOR.fields_by_name
    return {
        _snake(cls.__name__): Mirror(cls, GetMessageClass(_of(fields[_snake(cls.__name__)])))
        for cls in union.__args__
    }


_FACTS = _mirrors(facts.Fact, facts_pb2.Fact)
_FACT_NAMES = {mirror.cls: name for name, mirror in _FACTS.items()}
_COMMANDS = _mirrors(inputs.Command, commands_pb2.Command)
_CONTACT: Mirror[facts.Contact] = Mirror(facts.Contact, contacts_pb2.Contact)
_POLICY: Mirror[inputs.NewPolicy] = Mirror(inputs.NewPolicy, map_pb2.Policy)
_STOP: Mirror[inputs.NewStop] = Mirror(inputs.NewStop, map_pb2.Stop)
_RESUME: Mirror[inputs.LiftStop] = Mirror(inputs.LiftStop, map_pb2.Resume)
_WITHDRAWAL: Mirror[inputs.Withdraw] = Mirror(inputs.Withdraw, suppressions_pb2.Withdrawal)


class DispatcherCodec:
    """Reads and writes what the dispatcher's fenced log needs."""

    def __init__(self, partitions: int) -> None:
        """Prepare for a stack of so many partitions."""
        self._readers: dict[str, Callable[[Arrived], Batch[inputs.Input]]] = {
            topics.COMMANDS: _commands,
            topics.RULINGS: _rulings,
            topics.MAP: lambda arrived: _map_record(arrived, partitions),
            topics.SUPPRESSIONS: _suppression,
        }

    def header(self, value: bytes) -> Header:
        """Return the header of a facts record, without reading its facts."""
        return from_proto(_parse(log_pb2.Envelope, value).header)

    def brief(self, value: bytes) -> Header:
        """Return that header without positions and failures."""
        return brief(_parse(log_pb2.Envelope, value).header)

    def entries(self, value: bytes) -> Sequence[facts.Fact]:
        """Return the facts of a record."""
        record = _parse(facts_pb2.FactRecord, value)
        try:
            return [_fact(message) for message in record.facts]
        except ValueError as error:
            raise PoisonError(str(error)) from None

    def record(self, header: Header, entries: Sequence[facts.Fact]) -> bytes:
        """Return a facts record."""
        record = facts_pb2.FactRecord(header=to_proto(header))
        for fact in entries:
            name = _FACT_NAMES[type(fact)]
            nested = getattr(record.facts.add(), name)
            nested.SetInParent()
            _FACTS[name].write(fact, nested)
        return record.SerializeToString()

    def weight(self, entry: facts.Fact) -> int:
        """Return an upper bound of a fact's bytes."""
        match entry:
            case facts.Queued():
                return 500 + len(entry.contact.sealed)
            case facts.Confirmed():
                return 500 + len(entry.sealed)
            case facts.MapApplied():
                seats = sum(100 + 12 * len(centre.seat_ids) for centre in entry.centres)
                return seats + _SIGNATURE_BYTES
            case facts.StreamEnded():
                return 20 + 12 * len(entry.nonces)
            case _ if getattr(entry, "signature", None) is not None:
                return 500 + _SIGNATURE_BYTES
            case _:
                return 500

    def batch(self, arrived: Arrived) -> Batch[inputs.Input]:
        """Return the items of an input record.

        Raises:
            PoisonError: The record cannot be understood; `field` names what is wrong.
        """
        try:
            return self._readers[arrived.topic](arrived)
        except ValueError as error:
            raise PoisonError(f"{error}: upgrade this reader, or find its writer") from None


def _parse(message: Any, value: bytes) -> Any:
    try:
        return message.FromString(value)
    except DecodeError as error:
        raise PoisonError("not a record of this topic") from error


def _fact(message: facts_pb2.Fact) -> facts.Fact:
    kind = message.WhichOneof("kind")
    if kind is None:
        raise PoisonError("a fact of an unknown kind", "kind")
    fact: facts.Fact = _FACTS[kind].read(getattr(message, kind))
    return fact


def _commands(arrived: Arrived) -> Batch[inputs.Input]:
    """Return one item per command; a malformed one is refused alone, its neighbours stand."""
    record = _parse(commands_pb2.CommandRecord, arrived.value)
    items: list[tuple[int, inputs.Input]] = []
    for message in record.commands:
        command = _command(message)
        commanded = inputs.Commanded(command, record.boot_id, arrived.appended_at_ms)
        items.append((arrived.partition, commanded))
    return Batch(None, items)


def _command(message: commands_pb2.Command) -> inputs.Command | inputs.Malformed:
    kind = message.WhichOneof("kind")
    if kind is None:
        return inputs.Malformed("", "", b"")
    nested = getattr(message, kind)
    try:
        command: inputs.Command = _COMMANDS[kind].read(nested)
        _check_command(command)
    except (PoisonError, ValueError):
        session_id = getattr(nested, "session_id", "")[:ID_MAX]
        return inputs.Malformed(kind, session_id, getattr(nested, "nonce", b"")[:ID_MAX])
    return command


def _check_command(command: inputs.Command) -> None:
    for name in ("session_id", "centre_id", "contact_id"):
        value = getattr(command, name, "x")
        if not 0 < len(value) <= ID_MAX:
            raise PoisonError(f"{name} must have 1 to {ID_MAX} characters", name)
    attempt = getattr(command, "attempt", None)
    if attempt is not None and not 0 < len(attempt.contact_id) <= ID_MAX:
        raise PoisonError(f"contact_id must have 1 to {ID_MAX} characters", "contact_id")
    if isinstance(command, inputs.Pause) and len(command.reason) > _PAUSE_REASON_MAX:
        raise PoisonError(f"reason must have at most {_PAUSE_REASON_MAX} characters", "reason")
    if isinstance(command, inputs.SignIn):
        _check_sign_in(command)
    if isinstance(command, inputs.PresenceList) and len(command.nonces) > _NONCES_MAX:
        raise PoisonError(f"at most {_NONCES_MAX} nonces", "nonces")


def _check_sign_in(command: inputs.SignIn) -> None:
    if not 0 < len(command.nonce) <= ID_MAX:
        raise PoisonError(f"nonce must have 1 to {ID_MAX} bytes", "nonce")
    longest = max(map(len, command.languages), default=0)
    if len(command.languages) > _LANGUAGES_MAX or longest > _LANGUAGE_MAX:
        limits = f"{_LANGUAGES_MAX} languages of at most {_LANGUAGE_MAX} characters"
        raise PoisonError(f"at most {limits}", "languages")
    if len(command.kept) > inputs.KEPT_MAX:
        raise PoisonError(f"at most {inputs.KEPT_MAX} kept outcomes", "kept")
    if any(not 0 < len(each.attempt.contact_id) <= ID_MAX for each in command.kept):
        raise PoisonError(f"contact_id must have 1 to {ID_MAX} characters", "kept")


def _rulings(arrived: Arrived) -> Batch[inputs.Input]:
    record = _parse(rulings_pb2.RulingRecord, arrived.value)
    items: list[tuple[int, inputs.Input]] = []
    for ruling in record.rulings:
        outcome = ruling.WhichOneof("outcome")
        if outcome == "routed":
            items.append((ruling.routed.partition, _routed(ruling)))
        elif outcome is None:
            raise PoisonError("a ruling of an unknown kind: upgrade this reader", "outcome")
        else:
            items.append((_NOBODY, inputs.Nothing()))
    return Batch(brief(record.header), items)


_NOBODY = -2
"""Addressee of a ruling that concerns no dispatcher."""


def _routed(ruling: rulings_pb2.Ruling) -> inputs.Routed:
    until = ruling.routed.allow_until
    return inputs.Routed(
        _CONTACT.read(ruling.contact),
        ruling.seat_id,
        ruling.routed.centre_id,
        until.seconds * 1000 + until.nanos // 1_000_000,
        ruling.map_version,
        ruling.policy_version,
    )


def _map_record(arrived: Arrived, partitions: int) -> Batch[inputs.Input]:
    record = _parse(map_pb2.MapRecord, arrived.value)
    match record.WhichOneof("kind"):
        case "seat_map":
            return _signed(record, arrived, *_new_maps(record.seat_map, partitions))
        case "policy":
            return _signed(record, arrived, (EVERY_PARTITION, _POLICY.read(record.policy)))
        case "stop":
            return _signed(record, arrived, (EVERY_PARTITION, _STOP.read(record.stop)))
        case "resume":
            return _signed(record, arrived, (EVERY_PARTITION, _RESUME.read(record.resume)))
        case _:
            raise PoisonError("an order of an unknown kind: upgrade this reader", "kind")


def _signed(record: Any, arrived: Arrived, *orders: tuple[int, inputs.Order]) -> Batch[Any]:
    """Return orders with the signature that their record has."""
    signature = inputs.signature(record.by, record.why, arrived.appended_at_ms)
    return Batch(
        None, [(partition, inputs.Signed(order, signature)) for partition, order in orders]
    )


def _new_maps(seat_map: map_pb2.SeatMap, partitions: int) -> list[tuple[int, inputs.Order]]:
    """Return for each partition the part of the map that is its own; empty for one without."""
    seats: dict[str, list[str]] = {}
    for seat in seat_map.seats:
        seats.setdefault(seat.centre_id, []).append(seat.seat_id)
    slices: dict[int, list[facts.CentreSlice]] = {n: [] for n in range(partitions)}
    for centre in seat_map.centres:
        own = tuple(seats.get(centre.centre_id, ()))
        if centre.partition not in slices:
            raise PoisonError(f"this stack has {partitions} partitions", "partition")
        slices[centre.partition].append(facts.CentreSlice(centre.centre_id, own, centre.closed))
    return [
        (partition, inputs.NewMap(seat_map.version, tuple(centres)))
        for partition, centres in sorted(slices.items())
    ]


def _suppression(arrived: Arrived) -> Batch[inputs.Input]:
    record = _parse(suppressions_pb2.Withdrawal, arrived.value)
    if not (record.person_key or record.contact_id):
        raise PoisonError("a withdrawal names a person_key, or a contact_id", "person_key")
    return _signed(record, arrived, (EVERY_PARTITION, _WITHDRAWAL.read(record)))

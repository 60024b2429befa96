"""Protobuf messages to frozen dataclasses of the same field names, and back.

A dataclass mirrors a message when each of its fields is a field of the message: of the same name,
or, for `Timestamp` and `Duration`, with `_ms` behind it (milliseconds). A field that is a tuple
mirrors a message with as many fields, in the order of their numbers. Message fields that the
dataclass does not have are left out. The pairing is checked once, when the mirror is made.

Both ways are compiled then, like the standard library compiles `__init__` of a dataclass: one
function with a line per field takes a third of the time of a loop over closures, and these two are
run for each entry of each record.
"""

import enum
import itertools
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Generic, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

T = TypeVar("T")
_TIMESTAMP, _DURATION = "google.protobuf.Timestamp", "google.protobuf.Duration"


class Mirror(Generic[T]):
    """Converts between one dataclass and one message type."""

    read: Callable[[Any], T]
    """Return the dataclass of a message; `ValueError` for an enum's number that it lacks."""
    write: Callable[[T, Any], None]
    """Set the fields of an empty message from a dataclass."""

    def __init__(self, cls: type[T], message: type[Message]) -> None:
        """Pair the fields.

        Raises:
            TypeError: A field of the dataclass has no counterpart in the message.
        """
        self.cls = cls
        self.message = message
        hints = typing.get_type_hints(cls)
        source = _Source({"cls": cls})
        for each in fields(cls):  # type: ignore[arg-type]
            _pair(source, message.DESCRIPTOR, each.name, hints[each.name])
        self.read, self.write = source.compiled()


@dataclass(slots=True)
class _Source:
    """The two functions while their lines gather."""

    names: dict[str, Any]
    """What the lines refer to."""
    arguments: list[str] = field(default_factory=list)
    """For each field, the expression that reads it from `message`."""
    lines: list[str] = field(default_factory=list)
    """What sets the fields of `message` from `value`."""
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def refer_to(self, thing: object) -> str:
        """Return a name by which the lines may refer to something."""
        name = f"thing_{next(self._numbers)}"
        self.names[name] = thing
        return name

    def compiled(self) -> tuple[Callable[[Any], Any], Callable[[Any, Any], None]]:
        """Return both functions. Field names are identifiers: protoc and `dataclass` saw to it."""
        read = f"def read(message):\n return cls({', '.join(self.arguments)})\n"
        body = "".join(f" {line}\n" for line in self.lines) or " pass\n"
        exec(f"{read}def write(value, message):\n{body}", self.names)  # noqa: S102 (see above)
        return self.names["read"], self.names["write"]


def _message_type(descriptor: FieldDescriptor) -> Any:
    return descriptor.message_type  # the stubs have two types of it, which the library mixes


def _pair(source: _Source, descriptor: Any, name: str, hint: Any) -> None:
    optional = isinstance(hint, types.UnionType) and type(None) in typing.get_args(hint)
    if optional:
        hint = next(arg for arg in typing.get_args(hint) if arg is not type(None))
    by_name: Mapping[str, FieldDescriptor] = descriptor.fields_by_name
    found = by_name.get(name) or by_name.get(name.removesuffix("_ms"))
    if found is None:
        raise TypeError(f"{descriptor.full_name} has no field for {name}")
    if found.is_repeated:
        _repeated(source, found, name, typing.get_args(hint)[0])
    elif found.message_type is None:
        _scalar(source, found, name, hint, optional=optional)
    elif _message_type(found).full_name in (_TIMESTAMP, _DURATION):
        _time(source, found, name, optional=optional)
    elif typing.get_origin(hint) is tuple:
        _members(source, found, name, hint, optional=optional)
    else:
        _nested(source, found, name, hint, optional=optional)


def _repeated(source: _Source, found: FieldDescriptor, name: str, hint: Any) -> None:
    there = f"message.{found.name}"
    if found.message_type is None:
        source.arguments.append(f"tuple({there})")
        source.lines.append(f"if value.{name}: {there}.extend(value.{name})")
        return
    mirror = Mirror(hint, GetMessageClass(_message_type(found)))
    read, write = source.refer_to(mirror.read), source.refer_to(mirror.write)
    source.arguments.append(f"tuple(map({read}, {there}))")
    source.lines.append(f"for each in value.{name}: {write}(each, {there}.add())")


def _nested(
    source: _Source, found: FieldDescriptor, name: str, hint: Any, *, optional: bool
) -> None:
    mirror = Mirror(hint, GetMessageClass(_message_type(found)))
    read, write = source.refer_to(mirror.read), source.refer_to(mirror.write)
    there = f"message.{found.name}"
    _optional(source, f"{read}({there})", found, optional=optional)
    source.lines += [
        f"if value.{name} is not None:",
        f" nested = {there}",
        " nested.SetInParent()",
        f" {write}(value.{name}, nested)",
    ]


def _members(
    source: _Source, found: FieldDescriptor, name: str, hint: Any, *, optional: bool
) -> None:
    there = [f"message.{found.name}.{each.name}" for each in _message_type(found).fields]
    if len(there) != len(typing.get_args(hint)):
        raise TypeError(f"{_message_type(found).full_name} has {len(there)} fields, {name} not")
    members = ", ".join(there)
    _optional(source, f"({members})", found, optional=optional)
    source.lines += [
        f"if value.{name} is not None:",
        f" message.{found.name}.SetInParent()",
        f" {members} = value.{name}",
    ]


def _time(source: _Source, found: FieldDescriptor, name: str, *, optional: bool) -> None:
    there = f"message.{found.name}"
    ms = f"{there}.seconds * 1000 + {there}.nanos // 1_000_000"
    _optional(source, ms, found, optional=optional)
    source.lines += [
        f"if value.{name} is not None:",
        f" stamp = {there}",
        " stamp.SetInParent()",
        f" stamp.seconds, ms = divmod(value.{name}, 1000)",
        " if ms: stamp.nanos = ms * 1_000_000",
    ]


def _scalar(
    source: _Source, found: FieldDescriptor, name: str, hint: Any, *, optional: bool
) -> None:
    there = f"message.{found.name}"
    if isinstance(hint, type) and issubclass(hint, enum.IntEnum):
        read = source.refer_to(_enum_reader(found.name, hint, optional=optional))
        source.arguments.append(f"{read}({there})")
    else:
        _optional(source, there, found, optional=optional and found.has_presence)
    # Most fields hold nothing; on the wire that is the same as not set.
    given = f"value.{name} is not None" if found.has_presence else f"value.{name}"
    source.lines.append(f"if {given}: {there} = value.{name}")


def _optional(source: _Source, read: str, found: FieldDescriptor, *, optional: bool) -> None:
    absent = f" if message.HasField({found.name!r}) else None" if optional else ""
    source.arguments.append(f"({read}{absent})")


def _enum_reader(name: str, hint: type[enum.IntEnum], *, optional: bool) -> Callable[[int], Any]:
    members: dict[int, Any] = {member.value: member for member in hint}
    if optional:
        members[0] = None

    def read(number: int) -> Any:
        try:
            return members[number]
        except KeyError:
            raise ValueError(f"{name}: no such value: {number}") from None

    return read

"""Protobuf messages as frozen dataclasses of the same field names, and back.

A dataclass mirrors a message when each of its fields is a field of the message: of the same name,
or, for `Timestamp` and `Duration`, with `_ms` behind it (milliseconds). Message fields that the
dataclass does not have are left out. The pairing is checked once, when the mirror is made.
"""

import enum
import types
import typing
from collections.abc import Callable
from dataclasses import fields
from typing import Any, Generic, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

T = TypeVar("T")
_TIMESTAMP, _DURATION = "google.protobuf.Timestamp", "google.protobuf.Duration"


class Mirror(Generic[T]):
    """Converts between one dataclass and one message type."""

    def __init__(self, cls: type[T], message: type[Message]) -> None:
        """Pair the fields.

        Raises:
            TypeError: A field of the dataclass has no counterpart in the message.
        """
        self.cls = cls
        self.message = message
        hints = typing.get_type_hints(cls)
        self._names = [field.name for field in fields(cls)]  # type: ignore[arg-type]
        self._pairs = [_pair(message.DESCRIPTOR, name, hints[name]) for name in self._names]

    def read(self, message: Message) -> T:
        """Return the dataclass of a message.

        Raises:
            ValueError: An enum has a number that the dataclass does not know.
        """
        return self.cls(*[read(message) for read, _ in self._pairs])

    def write(self, value: T, message: Message) -> None:
        """Set the fields of an empty message from a dataclass."""
        for name, (_, write) in zip(self._names, self._pairs, strict=True):
            write(getattr(value, name), message)


def _message_type(field: FieldDescriptor) -> Any:
    return field.message_type  # the stubs have two types of descriptor, which the library mixes


Read = Callable[[Any], Any]
Write = Callable[[Any, Any], None]


def _pair(descriptor: Any, name: str, hint: Any) -> tuple[Read, Write]:
    optional = isinstance(hint, types.UnionType) and type(None) in typing.get_args(hint)
    if optional:
        hint = next(arg for arg in typing.get_args(hint) if arg is not type(None))
    field = descriptor.fields_by_name.get(name) or descriptor.fields_by_name.get(
        name.removesuffix("_ms")
    )
    if field is None:
        raise TypeError(f"{descriptor.full_name} has no field for {name}")
    if field.is_repeated:
        return _repeated(field, typing.get_args(hint)[0])
    if field.message_type is not None:
        return _nested(field, hint, optional=optional)
    return _scalar(field, hint, optional=optional)


def _repeated(field: FieldDescriptor, hint: Any) -> tuple[Read, Write]:
    name = field.name
    if field.message_type is None:
        return (
            lambda message: tuple(getattr(message, name)),
            lambda value, message: getattr(message, name).extend(value),
        )
    mirror = Mirror(hint, GetMessageClass(_message_type(field)))

    def write(values: Any, message: Any) -> None:
        target = getattr(message, name)
        for value in values:
            mirror.write(value, target.add())

    return lambda message: tuple(map(mirror.read, getattr(message, name))), write


def _nested(field: FieldDescriptor, hint: Any, *, optional: bool) -> tuple[Read, Write]:
    name = field.name
    kind = _message_type(field).full_name
    if kind in (_TIMESTAMP, _DURATION):
        return _time(name, optional=optional)
    mirror = Mirror(hint, GetMessageClass(_message_type(field)))

    def read(message: Any) -> Any:
        if optional and not message.HasField(name):
            return None
        return mirror.read(getattr(message, name))

    def write(value: Any, message: Any) -> None:
        if value is not None:
            nested = getattr(message, name)
            nested.SetInParent()
            mirror.write(value, nested)

    return read, write


def _time(name: str, *, optional: bool) -> tuple[Read, Write]:
    def read(message: Any) -> int | None:
        if optional and not message.HasField(name):
            return None
        stamp = getattr(message, name)
        return int(stamp.seconds * 1000 + stamp.nanos // 1_000_000)

    def write(value: int | None, message: Any) -> None:
        if value is not None:
            stamp = getattr(message, name)
            stamp.SetInParent()
            stamp.seconds, ms = divmod(value, 1000)
            stamp.nanos = ms * 1_000_000

    return read, write


def _scalar(field: FieldDescriptor, hint: Any, *, optional: bool) -> tuple[Read, Write]:
    name = field.name
    if isinstance(hint, type) and issubclass(hint, enum.IntEnum):
        members = {member.value: member for member in hint}

        def read(message: Any) -> Any:
            number = getattr(message, name)
            if number == 0 and optional:
                return None
            try:
                return members[number]
            except KeyError:
                raise ValueError(f"{name}: no such value: {number}") from None
    else:

        def read(message: Any) -> Any:
            return getattr(message, name)

    def write(value: Any, message: Any) -> None:
        if value is not None:
            setattr(message, name, value)

    return read, write

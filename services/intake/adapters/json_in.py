"""Read a contact from JSON: one object with the field names of `ForeignContact`.

Stricter than JSON itself: no name twice, none that is not ours (a misspelt `due_at` would call
somebody too early), no NaN, no depth. Nothing of a value is ever quoted.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from services.intake.domain.checking import shown_id
from services.intake.domain.values import ForeignContact, Unfit, UnfitReason

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNKNOWN_NAME = "(unknown name)"
"""Stands for a name that is foreign text itself, and so is not repeated."""
_UNREADABLE = Unfit(UnfitReason.UNREADABLE)


class _BadFieldError(ValueError):
    """A field has the wrong type or form; carries its name only."""


def read_json(value: bytes) -> ForeignContact | Unfit:
    """Return what stands in a JSON record, whatever the bytes."""
    try:
        parsed = json.loads(
            value.decode(), object_pairs_hook=_without_repeats, parse_constant=_refuse
        )
    except _BadFieldError as error:
        return Unfit(UnfitReason.INVALID_FIELD, str(error))
    except (ValueError, RecursionError):
        # Not UTF-8, not JSON, a number of thousands of digits, or nested without end.
        return _UNREADABLE
    if not isinstance(parsed, dict):
        return _UNREADABLE
    return _from_object(parsed)


def _from_object(parsed: dict[str, Any]) -> ForeignContact | Unfit:
    contact_id = parsed.get("contact_id")
    known_id = shown_id(contact_id) if isinstance(contact_id, str) else ""
    fields: dict[str, Any] = {}
    for name, value in parsed.items():
        if name not in _FIELDS:
            return Unfit(UnfitReason.INVALID_FIELD, _UNKNOWN_NAME, known_id)
        if value is None:
            continue
        attribute, read = _FIELDS[name]
        try:
            fields[attribute] = read(value)
        except _BadFieldError:
            return Unfit(UnfitReason.INVALID_FIELD, name, known_id)
    return ForeignContact(**fields)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise _BadFieldError(repeated if repeated in _FIELDS else _UNKNOWN_NAME)
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _BadFieldError
    return value


def _whole_number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _BadFieldError
    return value


def _instant(value: object) -> int:
    """Return milliseconds since the epoch of an RFC 3339 time, which names its zone."""
    try:
        at = datetime.fromisoformat(_text(value))
    except ValueError:
        raise _BadFieldError from None
    if at.tzinfo is None:
        raise _BadFieldError
    return (at - _EPOCH) // timedelta(milliseconds=1)


_FIELDS: dict[str, tuple[str, Callable[[object], str | int]]] = {
    "contact_id": ("contact_id", _text),
    "seat_id": ("seat_id", _text),
    "segment_id": ("segment_id", _text),
    "phone": ("phone", _text),
    "name": ("name", _text),
    "language": ("language", _text),
    "priority": ("priority", _whole_number),
    "campaign": ("campaign", _text),
    "due_at": ("due_at_ms", _instant),
}
"""Name in JSON, attribute of `ForeignContact`, and how its value is read."""

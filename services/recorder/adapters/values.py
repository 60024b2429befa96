"""Values of a message as Postgres can keep them, whatever a source sent."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

BIGINT_MAX = 2**63 - 1
_TEXT_MAX = 200
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, tzinfo=UTC)
_LAST_S = int((_LAST - _FIRST).total_seconds())
_LAST_MS = _LAST_S * 1000


def instant(milliseconds: int) -> datetime:
    """Return an aware time; one outside the years 1970 to 9999 becomes the nearest inside."""
    if not 0 <= milliseconds <= _LAST_MS:
        milliseconds = 0 if milliseconds < 0 else _LAST_MS
    return _FIRST + timedelta(milliseconds=milliseconds)


def text(text: str) -> Any:
    """Return text that Postgres can keep and index, as whichever id it is; None when empty.

    Refused contacts come with whatever their source sent: a NUL, or a megabyte. Such a text becomes
    its beginning and a digest, the same each time and another for every other text.
    """
    if not text:
        return None
    if len(text) <= _TEXT_MAX and "\0" not in text:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{text[:64].replace(chr(0), chr(0xFFFD))}~{digest}"


def bigint(number: int) -> int:
    """Return a number, or the largest that Postgres can keep."""
    if number > BIGINT_MAX:
        return BIGINT_MAX
    return number


def time(message: Message, field: str) -> datetime | None:
    """Return the time in a field; None when it is not set."""
    if not message.HasField(field):
        return None
    stamp: Timestamp = getattr(message, field)
    return instant(stamp.seconds * 1000 + stamp.nanos // 1_000_000)


def span(message: Message, field: str) -> timedelta | None:
    """Return the duration in a field; None when it is not set."""
    if not message.HasField(field):
        return None
    duration: Duration = getattr(message, field)
    seconds = min(max(duration.seconds, 0), _LAST_S)
    return timedelta(seconds=seconds, microseconds=duration.nanos // 1000)

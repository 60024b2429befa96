"""What lies on the wires of the bare path: entries that say whose they are, as long as ours.

An entry is ten bytes and padding up to the size that Seatline's has; so are a frame's events. What
is at the head of a record in Seatline (fence and positions, or a boot id) is padding altogether.
"""

import enum
import struct
from collections.abc import Iterator
from typing import NamedTuple


class Step(enum.IntEnum):
    """An entry of a log, or an event of a frame, in the order of a contact's way."""

    CONTACT = 0
    RULING = 1
    QUEUED = 2
    OFFERED = 3
    SHOWN_OFFER = 4
    WISH_ACCEPT = 5
    ACCEPT = 6
    CONFIRMED = 7
    UNSEALING = 8
    SHOWN_NUMBER = 9
    DIAL_STARTED = 10
    SHOWN_ON_CALL = 11
    WISH_HANG_UP = 12
    HANG_UP = 13
    CALL_ENDED = 14
    SHOWN_WRAP_UP = 15
    WISH_OUTCOME = 16
    OUTCOME = 17
    ENDED = 18
    SHOWN_SAVED = 19


SIZES = {
    Step.CONTACT: 139,
    Step.RULING: 178,
    Step.QUEUED: 154,
    Step.OFFERED: 106,
    Step.SHOWN_OFFER: 90,
    Step.WISH_ACCEPT: 55,
    Step.ACCEPT: 57,
    Step.CONFIRMED: 184,
    Step.UNSEALING: 57,
    Step.SHOWN_NUMBER: 97,
    Step.DIAL_STARTED: 65,
    Step.SHOWN_ON_CALL: 28,
    Step.WISH_HANG_UP: 55,
    Step.HANG_UP: 57,
    Step.CALL_ENDED: 79,
    Step.SHOWN_WRAP_UP: 28,
    Step.WISH_OUTCOME: 67,
    Step.OUTCOME: 77,
    Step.ENDED: 132,
    Step.SHOWN_SAVED: 55,
}
"""Bytes of each in the demo, its framing included."""


class Log(NamedTuple):
    """One of the four topics."""

    topic: str
    header: int
    """Bytes before the entries of a record."""


class Logs(NamedTuple):
    """The four topics of a run."""

    contacts: Log
    rulings: Log
    facts: Log
    commands: Log

    @classmethod
    def of(cls, run: str) -> "Logs":
        """Name the topics of a run; headers are as long as Seatline's with two positions."""
        sizes = {"contacts": 0, "rulings": 70, "facts": 125, "commands": 18}
        return cls(*(Log(f"bare-{run}-{name}", size) for name, size in sizes.items()))


class Entry(NamedTuple):
    """What is known of an entry."""

    step: int
    floor: int
    """Partition of facts and commands that its centre has."""
    stream: int
    """Of the desk that is to call."""
    number: int
    """Of the contact."""


_HEAD = struct.Struct("<HBBHI")
_PADDING = {step: bytes(size - _HEAD.size) for step, size in SIZES.items()}


def encode(step: Step, about: Entry) -> bytes:
    """Return an entry of a step that is about the contact of another."""
    head = _HEAD.pack(SIZES[step], step, about.floor, about.stream, about.number)
    return head + _PADDING[step]


def decode(value: bytes, header: int = 0) -> Iterator[Entry]:
    """Yield the entries of a record after its header, or the events of a frame."""
    at = header
    while at < len(value):
        size, *known = _HEAD.unpack_from(value, at)
        yield Entry(*known)
        at += size

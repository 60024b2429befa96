"""Moments at which something must be looked at again."""

import enum
from typing import NamedTuple


class TimerKind(enum.IntEnum):
    """What is looked at."""

    LEASE = 1
    DIAL_BY = 2
    CALL = 3
    WRAP_UP = 4
    WAIT = 5
    MAP = 6
    PAUSE = 7
    SUSPECT = 8
    GRACE = 9
    GATEWAY = 10


class Timer(NamedTuple):
    """An entry of the heap, earliest first, then in order of facts."""

    at_ms: int
    ordinal: int
    kind: TimerKind
    key: tuple[str, int] | str | bytes

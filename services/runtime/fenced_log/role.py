"""What a slot is to a partition, and what it has under way there."""

import enum
from collections.abc import Callable
from dataclasses import dataclass

from services.runtime.fenced_log.header import Header
from services.runtime.log_port import SendError, Sent


class Role(enum.Enum):
    """What this slot is to the partition."""

    FOLLOWING = "following"
    CLAIMING = "claiming"
    FENCING = "fencing"
    OWNING = "owning"


@dataclass(frozen=True, slots=True)
class Reading:
    """Clocks at the moment of a read."""

    mono_ms: int
    wall_ms: int


@dataclass(slots=True)
class Sending:
    """The one record under way."""

    header: Header
    size: int
    since_ms: int
    wall_ms: int


Send = Callable[[bytes, Callable[[Sent | SendError, Reading], None]], None]
"""Appends a record; what became of it is told later, with the clocks of that moment."""

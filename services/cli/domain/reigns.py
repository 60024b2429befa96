"""Who owns the partitions of the deciders' logs, and inputs as operators name them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from typing_extensions import override

InputPlace = tuple[int, int]
"""The next entry to decide of an input partition: offset, and index in the record there."""


@dataclass(frozen=True, slots=True)
class Reign:
    """One partition of a log, as its end says."""

    slot: str
    """Slot of the last reign; empty when nobody ever owned the partition."""
    epoch: int
    since_ms: int | None
    """When it began; None when that lies too far back."""
    next_offset: int
    """Behind all that was read."""
    log_time_ms: int
    written_ms: int
    """When the last record that counts was appended."""
    takeovers_ms: tuple[int, ...] = ()
    """When slots took it from one that was silent, as far as the end of the log tells."""
    yielded_to: str | None = None
    """When that reign is over: the slot that it was given to, empty for any."""
    positions: Mapping[tuple[str, int], InputPlace] = field(default_factory=dict)

    @property
    def is_owned(self) -> bool:
        """Whether a reign is in force; its owner may be dead all the same."""
        return bool(self.slot) and self.yielded_to is None


@dataclass(frozen=True, slots=True)
class InputName:
    """An entry of an input: `topic/partition/offset[/index]`."""

    topic: str
    partition: int
    offset: int
    index: int

    @property
    def place(self) -> InputPlace:
        """Where it stands in its partition."""
        return self.offset, self.index

    @override
    def __str__(self) -> str:
        """Write it as it is given."""
        return f"{self.topic}/{self.partition}/{self.offset}/{self.index}"


def input_name(text: str) -> InputName | None:
    """Read `topic/partition/offset[/index]`; None when it is none."""
    topic, *numbers = text.split("/")
    if not topic or len(numbers) not in (2, 3) or not all(map(_is_number, numbers)):
        return None
    partition, offset, *index = map(int, numbers)
    return InputName(topic, partition, offset, index[0] if index else 0)


def partition_name(text: str) -> tuple[str, int] | None:
    """Read `topic/partition`; None when it is none."""
    topic, slash, number = text.rpartition("/")
    return (topic, int(number)) if slash and topic and _is_number(number) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()

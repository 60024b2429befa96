"""What a decider brings to the fenced log: its state, its decisions, its wire."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from services.runtime.fenced_log.header import Header
from services.runtime.log_port import Arrived

Item = TypeVar("Item")
Item_contra = TypeVar("Item_contra", contravariant=True)
Entry = TypeVar("Entry")
Core_contra = TypeVar("Core_contra", contravariant=True)

CHUNK_BYTES = 200_000
"""What one record of a snapshot holds at most: with its header well below a record's limit."""
EVERY_PARTITION = -1
"""Addressee of an item that concerns every partition."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When and under which knowledge something is decided (rules 2.1 to 2.3)."""

    now_ms: int
    """Time by which inputs and deadlines are judged: broker time, or while the paced input is
    behind, the append time of its last record."""
    written_at_ms: int
    """Broker time of the writing; what begins now counts from here."""
    fresh: bool
    """Whether the orders (map, suppressions) were read to their end within five seconds."""
    behind: bool
    """Whether the paced input is behind: nothing new may begin."""
    paced_read_to_ms: int
    """Everything appended to the paced input before this broker time has been decided."""
    spread_read_to_ms: int
    """Every partition of the spread input has been decided past a record appended at this time."""
    unwanted: Mapping[int, float] = field(default_factory=dict)
    """Share of the entries for a partition of readers that they do not want now, if any."""


@dataclass(frozen=True, slots=True)
class Batch(Generic[Item]):
    """One input record, decoded: its header when the input is a fenced log, its addressed items."""

    header: Header | None
    items: Sequence[tuple[int, Item]]
    """Partition that each item is for, or `EVERY_PARTITION`."""


class Core(Protocol[Item_contra, Entry]):
    """State of one partition: a fold of entries. Pure: no clock, no chance, no I/O."""

    def evolve(self, entries: Sequence[Entry], at_ms: int) -> None:
        """Apply the entries of one accepted record, or of one decision, written at `at_ms`."""

    def decide(self, item: Item_contra, moment: Moment) -> Sequence[Entry]:
        """Return what follows from one input, without changing the state."""

    def due(self, moment: Moment) -> Sequence[Entry]:
        """Return what follows from time or the state alone, one thing at a time; () if none."""

    def admits(self, topic: str, moment: Moment) -> bool:
        """Tell whether inputs of a topic may be decided now; if not they wait."""


class Codec(Protocol[Item, Entry]):
    """Wire form of the own log and of the inputs. Total: only `PoisonError` is raised."""

    def header(self, value: bytes) -> Header:
        """Return the header of a record of the own log."""

    def brief(self, value: bytes) -> Header:
        """Return that header without positions and failures: most records need no more of it."""

    def entries(self, value: bytes) -> Sequence[Entry]:
        """Return the entries of a record of the own log."""

    def record(self, header: Header, entries: Sequence[Entry]) -> bytes:
        """Return a record of the own log."""

    def weight(self, entry: Entry) -> int:
        """Return an upper bound of an entry's bytes, cheaply."""

    def batch(self, arrived: Arrived) -> Batch[Item]:
        """Return the items of an input record, in order."""


class StateCodec(Protocol[Core_contra]):
    """Wire form of a core's whole state, for snapshots (rule 1.8)."""

    def chunks(self, core: Core_contra) -> Iterable[bytes]:
        """Return the state as of now, in chunks of at most `CHUNK_BYTES`; at least one.

        The loop waits for it. What is encoded later, chunk by chunk, must not change until then:
        the core goes on evolving.
        """

    def restore(self, core: Core_contra, chunks: Sequence[bytes]) -> None:
        """Bring a core that has evolved nothing to the state of a snapshot's chunks, in order.

        Raises:
            PoisonError: They cannot be read.
        """


@dataclass(frozen=True, slots=True)
class Inputs:
    """Topics that a decider reads besides its own log."""

    paced: str
    """Own partition only; its append times pace judgement (rule 2.2)."""
    orders: tuple[str, ...] = ()
    """Partition 0, decided by every partition."""
    spread: str | None = None
    """A fenced log of which every partition may hold items for any partition."""
    live: tuple[str, ...] = ()
    """Partition 0, read from the start into a view that is no part of the positions."""

"""The simulator's ports in memory: they note what they were told; time moves when told to."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from services.runtime.errors import TransientError
from services.simulator.domain.arrivals import Arrival
from services.simulator.domain.progress import Progress
from services.simulator.domain.summary import Summary
from services.simulator.domain.wishes import Wish
from services.simulator.ports import Minted


@dataclass
class FakeTicks:
    """Both clocks of the simulator."""

    mono: float = 0.0
    offset: int = 1_770_000_000_000

    def now_ms(self) -> float:
        return self.mono

    def wall_ms(self) -> int:
        return int(self.mono) + self.offset


@dataclass
class InMemoryDesks:
    """Keeps the wishes of all desks, in order."""

    sent: list[tuple[int, str, Wish]] = field(default_factory=list)

    def send(self, desk: int, session_id: str, wishes: Sequence[Wish]) -> None:
        self.sent += [(desk, session_id, wish) for wish in wishes]

    def take(self) -> list[Wish]:
        wishes = [wish for _, _, wish in self.sent]
        self.sent.clear()
        return wishes


@dataclass
class InMemoryJournal:
    """Keeps entries."""

    entries: list[dict[str, object]] = field(default_factory=list)

    def write(self, kind: str, **fields: object) -> None:
        self.entries.append({"kind": kind, **fields})

    def kinds(self) -> list[object]:
        return [entry["kind"] for entry in self.entries]


@dataclass
class PlainMint:
    """Makes contacts that are their own id; partition by number."""

    partitions: int = 2

    def mint(self, arrival: Arrival) -> Minted:
        topic = "foreign" if arrival.foreign else "contacts"
        contact = f"run-{arrival.number}"
        partition = arrival.number % self.partitions
        return Minted(contact, topic, partition, contact.encode(), foreign=arrival.foreign)

    def record(self, topic: str, minted: Sequence[Minted]) -> bytes:
        return b" ".join(one.value for one in minted)


@dataclass
class InMemoryOutcomes:
    """Shows the outcomes that it was given; may be away."""

    shown: set[tuple[str, int]] = field(default_factory=set)
    away: bool = False

    async def visible(self, contacts: Collection[str]) -> set[tuple[str, int]]:
        if self.away:
            raise TransientError("Postgres: away")
        return {key for key in self.shown if key[0] in contacts}


@dataclass
class InMemoryScreen:
    """Keeps what it was told and shown."""

    every_s: float = 0.001
    said: list[str] = field(default_factory=list)
    shown: list[Progress] = field(default_factory=list)
    summed_up: list[Summary] = field(default_factory=list)
    is_live: bool = False

    def say(self, line: str) -> None:
        self.said.append(line)

    @contextmanager
    def live(self) -> Iterator[Callable[[Progress], None]]:
        self.is_live = True
        try:
            yield self.shown.append
        finally:
            self.is_live = False

    def sum_up(self, summary: Summary) -> None:
        self.summed_up.append(summary)

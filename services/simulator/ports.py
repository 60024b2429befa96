"""What the rehearsal needs of the world."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from services.runtime.log_port import SendError, Sent
from services.simulator.domain.arrivals import Arrival
from services.simulator.domain.progress import Progress
from services.simulator.domain.summary import Summary
from services.simulator.domain.wishes import Wish


class Ticks(Protocol):
    """The simulator's own clocks."""

    def now_ms(self) -> float:
        """Return monotonic milliseconds, to the microsecond."""

    def wall_ms(self) -> int:
        """Return milliseconds since the Unix epoch."""


class Desks(Protocol):
    """The streams to the gateways, one per centre, numbered from 0."""

    def send(self, desk: int, session_id: str, wishes: Sequence[Wish]) -> None:
        """Put wishes of a session into the desk's next frame, in order.

        On a stream that has just broken they are dropped: the session says them again.
        """


class Journal(Protocol):
    """What simulated callers saw, kept for the check afterwards. Any thread may write."""

    def write(self, kind: str, **fields: object) -> None:
        """Append an entry with the time of both clocks.

        Raises:
            JournalBehindError: The writer behind the bounded buffer cannot keep up.
        """


@dataclass(frozen=True, slots=True)
class Minted:
    """A contact as it goes onto the wire."""

    contact_id: str
    topic: str
    partition: int
    value: bytes
    """A contact of ours, or a whole foreign record."""
    foreign: bool
    """True when it is a record of its own."""


class Mint(Protocol):
    """Makes wire contacts of arrivals: invents the person, seals."""

    def mint(self, arrival: Arrival) -> Minted:
        """Make the contact of an arrival."""

    def record(self, topic: str, minted: Sequence[Minted]) -> bytes:
        """Put contacts of one topic and partition into one record."""


class ContactLog(Protocol):
    """Where contacts enter; a `services.runtime.log_port.LogWriter` is one."""

    def send(
        self, tp: tuple[str, int], value: bytes, done: Callable[[Sent | SendError], None]
    ) -> None:
        """Append a record; `done` is called from `serve`."""

    def serve(self, timeout_s: float = 0.0) -> None:
        """Call the `done` of what was settled, waiting up to the timeout for the first."""


class OutcomeStore(Protocol):
    """The recorder's outcomes, over a connection of the simulator's own."""

    async def visible(self, contacts: Collection[str]) -> set[tuple[str, int]]:
        """Return (contact, attempt) of those that have an outcome.

        Raises:
            TransientError: The database is away; the next call connects anew.
        """


class Screen(Protocol):
    """Where a person watches the run; what programs read goes elsewhere."""

    @property
    def every_s(self) -> float:
        """How often a live view wants to be shown anew."""

    def say(self, line: str) -> None:
        """Say what happens next; a live view stays below it."""

    def live(self) -> AbstractContextManager[Callable[[Progress], None]]:
        """Give what shows progress; leaving the context, by whatever way, clears up after it."""

    def sum_up(self, summary: Summary) -> None:
        """Say what came of the run."""

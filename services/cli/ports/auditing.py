"""What the audit needs of the world."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from services.cli.domain.places import Accepted, Arrival, Fate, Foreign, Read, Recorded, SetAside

Vector = Mapping[tuple[str, int], Read]
"""How far each partition of each fenced log is recorded, by topic and partition."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Ends of what enters, asked for after a snapshot was taken."""

    foreign: tuple[Foreign, ...]
    contacts: Mapping[int, int]
    dead: Mapping[int, int]


class AuditLogs(Protocol):
    """The logs, as the audit reads them. Each iteration raises NotDoneError on silence."""

    def decided(self, vector: Vector) -> Iterator[Accepted]:
        """Yield every counting record of rulings and facts below the vector, in log order."""

    def ends(self) -> Ends:
        """Ask for the ends of what enters: intake's first, so that what it did lies below."""

    def dead(self, ends: Ends) -> Iterator[tuple[SetAside, Fate]]:
        """Yield each input of which a dead letter below the ends tells, and what became of it."""

    def arrived(self, ends: Ends) -> Iterator[Arrival]:
        """Yield every entry of the contacts log below its ends."""


class Snapshot(Protocol):
    """Postgres at one moment."""

    async def vector(self) -> Vector:
        """Return the recorder's positions."""

    def rows(self) -> AsyncIterator[Recorded]:
        """Yield where each (contact, release) is recorded, in bounded memory."""

    def conflicts(self) -> AsyncIterator[tuple[str, int]]:
        """Yield contact and release of each recorded conflict."""


class Record(Protocol):
    """What the recorder wrote."""

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Open a view of one moment, read only."""

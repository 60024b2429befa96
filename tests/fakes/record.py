"""What the recorder wrote, in memory: one snapshot for all questions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from services.cli.domain.places import Read, Recorded


@dataclass
class InMemoryRecord:
    positions: dict[tuple[str, int], Read] = field(default_factory=dict)
    held: list[Recorded] = field(default_factory=list)
    clashes: list[tuple[str, int]] = field(default_factory=list)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator["InMemoryRecord"]:
        yield self

    async def vector(self) -> dict[tuple[str, int], Read]:
        return self.positions

    async def rows(self) -> AsyncIterator[Recorded]:
        for row in self.held:
            yield row

    async def conflicts(self) -> AsyncIterator[tuple[str, int]]:
        for clash in self.clashes:
            yield clash

"""A simulated Postgres behind the recorder's port: slow, away, and silent after a COMMIT."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from typing_extensions import override

from services.recorder.domain.batch import BatchRows
from services.recorder.domain.entries import Partition, Position
from services.recorder.domain.rows import DueWithdrawal
from services.recorder.ports import Advance, Recorded, Unpublished
from services.runtime.errors import TransientError
from tests.fakes.outcome_store import InMemoryOutcomeStore, InMemoryTables
from tests.simtest.node import Node

T = TypeVar("T")
_MEAN_MS = 4


class StoreFaults:
    """What is the matter with the database, for all who use it."""

    def __init__(self) -> None:
        self.slow_ms = 0
        self.away = False
        self.lose_commit = False
        self.lost_commits = 0


class SimulatedOutcomeStore(InMemoryOutcomeStore):
    """Each call is an await before and one behind its transaction; both can be the last."""

    def __init__(self, tables: InMemoryTables, node: Node, faults: StoreFaults) -> None:
        super().__init__(tables)
        self.committed: Callable[[], None] = _nothing
        self._faults = faults
        self._node = node

    @override
    async def claim(
        self, topic_ids: Mapping[Partition, str], held: Mapping[Partition, Position] | None
    ) -> dict[Partition, Position]:
        claim = super().claim
        return await self._do("claim", lambda: claim(topic_ids, held))

    @override
    async def record(self, advances: Mapping[Partition, Advance], rows: BatchRows) -> Recorded:
        write = super().record
        recorded = await self._do("record", lambda: write(advances, rows))
        self.committed()
        if self._faults.lose_commit:
            self._faults.lose_commit = False
            self._faults.lost_commits += 1
            raise TransientError("the answer to COMMIT was lost")
        return recorded

    @override
    async def unpublished(self, held: Mapping[Partition, Position], limit: int) -> Unpublished:
        look = super().unpublished
        return await self._do("unpublished", lambda: look(held, limit))

    @override
    async def mark_published(self, published: Sequence[DueWithdrawal]) -> None:
        mark = super().mark_published
        await self._do("mark_published", lambda: mark(published))

    async def _do(self, name: str, transaction: Callable[[], Awaitable[T]]) -> T:
        self._node.reach(name)
        await self._wait()
        if self._faults.away:
            raise TransientError("the store is away")
        done = await transaction()
        self._node.reach(f"{name} done")
        await self._wait()
        return done

    async def _wait(self) -> None:
        mean_ms = _MEAN_MS + self._faults.slow_ms
        await asyncio.sleep(self._node.chance.random() * mean_ms / 1000)


def _nothing() -> None:
    return

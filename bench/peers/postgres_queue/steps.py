"""The steps of a queue: what gathers while a call is under way goes into the next call."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

SQL = {path.stem: path.read_text("utf-8") for path in (Path(__file__).parent / "sql").glob("*.sql")}
"""Statements by the name of their file."""

BATCH_MAX = 500

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Statement: TypeAlias = "PreparedStatement[asyncpg.Record]"
Row = tuple[Any, ...]
T = TypeVar("T", bound=Row)
Done = Callable[[Sequence[T], Sequence[asyncpg.Record]], None]


class Step(Generic[T]):
    """One statement that takes its items as arrays, one for each of their fields.

    A call is one durable transaction.
    """

    def __init__(self, name: str, done: Done[T]) -> None:
        """Prepare.

        Args:
            name: Of the statement's file.
            done: Takes the items of a call that was committed, and the rows that it returned.
        """
        self.name = name
        self.woken: Callable[[], None] = _nothing
        """Called when there is an item; set by the lane."""
        self._done = done
        # A dict as an ordered set: a centre that is touched twice is looked at once.
        self._waiting: dict[T, None] = {}

    def put(self, item: T) -> None:
        """Have an item done; one that is waiting already is not done twice."""
        self._waiting[item] = None
        self.woken()

    async def call(self, statement: Statement) -> bool:
        """Do what has gathered, at most `BATCH_MAX`; False if nothing has.

        Raises:
            asyncpg.PostgresError: The call failed.
        """
        batch = self._take()
        if not batch:
            return False
        self._done(batch, await statement.fetch(*map(list, zip(*batch, strict=True))))
        return True

    def _take(self) -> list[T]:
        batch = list(self._waiting)
        if len(batch) > BATCH_MAX:
            del batch[BATCH_MAX:]
            for item in batch:
                del self._waiting[item]
        else:
            self._waiting.clear()
        return batch


class Lane:
    """Steps that take turns on one connection, and so never race each other."""

    def __init__(self, *steps: Step[Any]) -> None:
        self._steps = steps
        self._wake = asyncio.Event()
        self._stopping = False
        for step in steps:
            step.woken = self._wake.set

    def stop(self) -> None:
        """Have `work` return after the call that is under way; what waits stays undone."""
        self._stopping = True
        self._wake.set()

    async def work(self, connection: Connection) -> None:
        """Make calls whenever there is something to do, until stopped.

        Raises:
            asyncpg.PostgresError: A call failed.
        """
        turns = [(step, await connection.prepare(SQL[step.name])) for step in self._steps]
        while not self._stopping:
            self._wake.clear()
            called = [await step.call(statement) for step, statement in turns]
            if not any(called):
                await self._wake.wait()


def _nothing() -> None:
    return None

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from bench.peers.postgres_queue.steps import BATCH_MAX, SQL, Lane, Step


class Item(NamedTuple):
    number: int
    name: str


class FakeConnection:
    """Answers each call when it is let go."""

    def __init__(self) -> None:
        self.prepared: list[str] = []
        self.calls: list[tuple[list[Any], ...]] = []
        self.gate = asyncio.Semaphore(0)

    async def prepare(self, statement: str) -> "FakeConnection":
        self.prepared.append(statement)
        return self

    async def fetch(self, *columns: list[Any]) -> list[int]:
        self.calls.append(columns)
        await self.gate.acquire()
        return [len(columns[0])]


class Story:
    def __init__(self) -> None:
        self.connection = FakeConnection()
        self.done: list[tuple[Sequence[Item], Any]] = []
        self.step = Step[Item]("accept", lambda items, rows: self.done.append((items, rows)))
        self.other = Step[Item]("confirm", lambda items, rows: self.done.append((items, rows)))
        self.lane = Lane(self.step, self.other)

    @asynccontextmanager
    async def work(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.lane.work(self.connection))  # type: ignore[arg-type]
            await self.settle()
            yield
            self.lane.stop()
            self.connection.gate.release()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


async def test_items_go_as_one_array_for_each_field() -> None:
    story = Story()
    async with story.work():
        assert story.connection.prepared == [SQL["accept"], SQL["confirm"]]
        story.step.put(Item(1, "a"))
        story.step.put(Item(2, "b"))
        await story.settle()
        assert story.connection.calls == [([1, 2], ["a", "b"])]
        assert story.done == []
        story.connection.gate.release()
        await story.settle()
        assert story.done == [([Item(1, "a"), Item(2, "b")], [2])]


async def test_what_comes_during_a_call_goes_into_the_next_one_together() -> None:
    story = Story()
    async with story.work():
        for number in range(4):
            story.step.put(Item(number, ""))
            await story.settle()
        assert [call[0] for call in story.connection.calls] == [[0]]
        story.connection.gate.release()
        await story.settle()
        assert [call[0] for call in story.connection.calls] == [[0], [1, 2, 3]]


async def test_an_item_that_waits_already_is_done_once() -> None:
    story = Story()
    async with story.work():
        for _ in range(2):
            story.step.put(Item(1, "a"))
        await story.settle()
        assert story.connection.calls == [([1], ["a"])]


async def test_a_call_has_a_limit_and_the_rest_keeps_its_order() -> None:
    story = Story()
    async with story.work():
        for number in range(BATCH_MAX + 2):
            story.step.put(Item(number, ""))
        await story.settle()
        story.connection.gate.release()
        await story.settle()
        assert [len(call[0]) for call in story.connection.calls] == [BATCH_MAX, 2]
        assert story.connection.calls[1][0] == [BATCH_MAX, BATCH_MAX + 1]


async def test_a_stop_lets_the_call_under_way_end_and_begins_no_other() -> None:
    story = Story()
    async with story.work():
        story.step.put(Item(1, "a"))
        await story.settle()
        story.step.put(Item(2, "b"))
    assert [items for items, _ in story.done] == [[Item(1, "a")]]


async def test_steps_of_a_lane_take_turns() -> None:
    story = Story()
    async with story.work():
        for number in range(3):
            story.step.put(Item(number, "step"))
            story.other.put(Item(number, "other"))
            await story.settle()
        assert len(story.connection.calls) == 1
        for _ in range(3):
            story.connection.gate.release()
            await story.settle()
        names = [call[1] for call in story.connection.calls]
        assert names == [["step"], ["other"] * 3, ["step"] * 2]

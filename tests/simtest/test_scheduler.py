"""The scheduler and the loop on it: one order, pauses that let others go on, final deaths."""

import asyncio
from random import Random

import pytest

from tests.simtest.event_loop import NodeLoop
from tests.simtest.node import CrashedError, MachineClock, Node
from tests.simtest.scheduler import LivelockError, Scheduler


def node_on(scheduler: Scheduler) -> Node:
    return Node("lone-0", scheduler, MachineClock(scheduler), Random("lone"), lambda *_: None)


def test_events_happen_by_time_and_then_in_the_order_asked_for() -> None:
    scheduler, seen = Scheduler(), list[str]()
    for at_ms, name in ((5, "b"), (1, "a"), (5, "c")):
        scheduler.at(at_ms, seen.append, name)
    scheduler.run_until(5)
    assert seen == ["a", "b", "c"]
    assert (scheduler.now_ms, scheduler.steps) == (5, 3)


def test_a_process_that_is_paused_lets_the_others_go_on() -> None:
    scheduler, seen = Scheduler(), list[str]()
    node = node_on(scheduler)

    def act() -> None:
        node.pause(10)
        seen.append("woken")

    scheduler.at(1, act)
    scheduler.at(5, seen.append, "other")
    scheduler.run_until(20)
    assert seen == ["other", "woken"]


def test_time_that_stands_still_is_a_failure() -> None:
    scheduler = Scheduler()

    def again() -> None:
        scheduler.after(0, again)

    again()
    with pytest.raises(LivelockError):
        scheduler.run_until(1)


def test_a_failure_ends_the_run_whatever_the_product_catches() -> None:
    scheduler = Scheduler()

    def fail() -> None:
        scheduler.failure = KeyError("broken")

    scheduler.at(1, fail)
    with pytest.raises(KeyError):
        scheduler.run_until(2)


def test_coroutines_wait_in_virtual_time() -> None:
    scheduler = Scheduler()
    loop = NodeLoop(node_on(scheduler))

    async def work() -> str:
        await asyncio.sleep(10)
        return await asyncio.to_thread(str.upper, "done")

    task = loop.create_task(work())
    scheduler.run_until(9_999)
    assert not task.done()
    scheduler.run_until(40_000)
    assert task.result() == "DONE"


def test_a_killed_process_runs_no_further_and_cleans_nothing_up_later() -> None:
    scheduler, seen = Scheduler(), list[str]()
    node = node_on(scheduler)
    loop = NodeLoop(node)

    async def work() -> None:
        try:
            await asyncio.sleep(1)
            seen.append("went on")
        finally:
            seen.append("cleaned up")

    loop.create_task(work())
    scheduler.run_until(500)
    node.kill()
    loop.end()
    assert seen == ["cleaned up"]
    scheduler.run_until(10_000)
    assert seen == ["cleaned up"]
    with pytest.raises(CrashedError):
        node.reach("poll")

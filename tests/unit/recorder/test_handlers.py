import asyncio
from collections.abc import Mapping

import pytest

from services.recorder.domain.entries import Partition, Position
from services.recorder.handlers import ReadAhead
from services.recorder.ports import Reading
from services.runtime.errors import PromiseBrokenError
from tests.fakes.outcome_store import InMemoryOutcomeStore
from tests.support.recorder_entries import confirmed, queued
from tests.support.recorder_logs import facts_log, lives
from tests.support.recorder_world import eventually, rig, run_to_the_end


async def test_everything_is_recorded_once_although_an_answer_is_lost() -> None:
    logs = lives(seed=1, contacts=20)
    undisturbed, store = InMemoryOutcomeStore(), InMemoryOutcomeStore()
    await run_to_the_end(undisturbed, *logs, limit=10)
    store.lose_answer = True
    await run_to_the_end(store, *logs, limit=10)
    keys = [row[:4] for row in store.tables.decisions]
    assert len(keys) == len(set(keys)) > 20
    assert sorted(keys) == sorted(row[:4] for row in undisturbed.tables.decisions)
    assert store.claims == 2


class Backlog:
    """A source with so many full readings, and one that is not full behind them."""

    def __init__(self, full: int) -> None:
        self.gathered = 0
        self._full = full

    async def start(self, positions: Mapping[Partition, Position]) -> None:
        raise NotImplementedError

    def unread(self, partition: Partition) -> bool:
        raise NotImplementedError

    async def gather(self, entries_limit: int) -> Reading:
        self.gathered += 1
        return Reading((), {}, full=self.gathered <= self._full)


async def test_the_next_batch_is_read_ahead_while_more_lies_ready_and_not_beyond() -> None:
    source = Backlog(full=2)
    readings = ReadAhead(source)
    gathered = []
    for _ in range(3):
        await readings.next()
        await asyncio.sleep(0)
        gathered.append(source.gathered)
    assert gathered == [2, 3, 3]


async def test_what_was_read_ahead_is_waited_for_at_the_end() -> None:
    source = Backlog(full=1)
    readings = ReadAhead(source)
    await readings.next()
    assert source.gathered == 1
    await readings.end()
    assert source.gathered == 2


async def test_what_lies_before_a_poison_that_was_read_ahead_is_recorded() -> None:
    log = facts_log().write(queued())
    log.values.append(b"\xff")
    store = InMemoryOutcomeStore()
    with pytest.raises(PromiseBrokenError, match="cannot be understood"):
        await run_to_the_end(store, log, limit=2)
    assert len(store.tables.decisions) == 1


async def test_a_store_that_is_away_is_waited_for_and_readiness_says_so() -> None:
    store = InMemoryOutcomeStore()
    store.away = True
    made = rig(store, facts_log().write(queued()))
    health = made.process.health
    running = asyncio.create_task(made.recorder.run())
    await eventually(lambda: health.not_ready().get("recording") == "the store is away")
    store.away = False
    await eventually(lambda: len(store.tables.decisions) == 1 and not health.not_ready())
    made.process.stop.ask("the test is over")
    await running


async def test_a_recorder_that_was_overtaken_ends_and_does_not_take_back() -> None:
    log = facts_log().write(queued())
    store = InMemoryOutcomeStore()
    made = rig(store, log)
    running = asyncio.create_task(made.recorder.run())
    await eventually(lambda: len(store.tables.decisions) == 1)
    await InMemoryOutcomeStore(store.tables).claim(store.tables.topic_ids, None)
    made.broker.append(log.tp, log.write(queued("c-2")).values[-1])
    with pytest.raises(PromiseBrokenError):
        await asyncio.wait_for(running, 10)
    assert len(store.tables.decisions) == 1


async def test_a_conflict_is_counted_and_recording_goes_on() -> None:
    log = facts_log().write(confirmed()).write(confirmed(number=2)).write(queued("c-2"))
    store = InMemoryOutcomeStore()
    around = await run_to_the_end(store, log)
    sample = around.registry.get_sample_value
    assert sample("seatline_recorder_conflicts_total") == 1
    assert sample("seatline_recorder_rows_total", {"table": "decision"}) == 3
    assert sample("seatline_recorder_commit_seconds_count") == 1


async def test_days_ahead_are_made_at_the_start() -> None:
    store = InMemoryOutcomeStore()
    await run_to_the_end(store, facts_log())
    assert store.days_made == 1


async def test_a_broken_promise_ends_the_recorder() -> None:
    log = facts_log()
    log.values.append(b"\xff")
    with pytest.raises(PromiseBrokenError, match="cannot be understood"):
        await run_to_the_end(InMemoryOutcomeStore(), log)

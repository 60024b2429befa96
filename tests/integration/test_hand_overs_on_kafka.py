import pytest
from typing_extensions import override

from services.runtime.clock import SystemClock
from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.header import Fence, Yield
from services.runtime.fenced_log.watch import OWNER_SILENCE_MS
from services.runtime.fenced_log.wishes import HandOver, Skip
from tests.support.arena import CODEC, Arena, turn_until
from tests.support.stack import Broker

HOUR_MS = 3_600_000


@pytest.fixture
def arena(kafka_stack: Broker) -> Arena:
    return Arena(kafka_stack)


class SteppedClock(SystemClock):
    """The clock of a process that is off by `step_ms`."""

    step_ms = 0

    @override
    def wall_ms(self) -> int:
        return super().wall_ms() + self.step_ms


def silent_ms(arena: Arena) -> int:
    """Give the time between the last yield and the first record behind its fence."""
    given_ms = fenced_ms = 0
    for arrived in arena.read():
        header = CODEC.header(arrived.value)
        if isinstance(header.control, Yield):
            given_ms, fenced_ms = arrived.appended_at_ms, 0
        elif isinstance(header.control, Fence):
            fenced_ms = arrived.appended_at_ms
        elif given_ms and fenced_ms and header.point.epoch:
            return arrived.appended_at_ms - given_ms
    raise AssertionError("nothing was handed over")


def test_a_partition_is_handed_over_without_a_silence_and_without_a_loss(arena: Arena) -> None:
    with arena.slots() as (one, two):
        for index, slot in enumerate((one, two)):
            slot.begin(f"tally-{index}")
        turn_until(lambda: one.owns and two.decider.partitions[0].hears, one, two)
        arena.give(1, 2)
        arena.ask(HandOver("tally-1"))
        arena.give(3)
        turn_until(lambda: two.owns, one, two)
        arena.give(4)
        turn_until(lambda: one.seen == two.seen == [1, 2, 3, 4], one, two)
    assert arena.story() == [1, 2, 3, 4]
    assert arena.fences() == [(1, "tally-0"), (2, "tally-1")]
    assert silent_ms(arena) < OWNER_SILENCE_MS


def test_what_a_leaving_slot_had_is_another_s_without_a_silence(arena: Arena) -> None:
    with arena.slots() as (one, two):
        for index, slot in enumerate((one, two)):
            slot.begin(f"tally-{index}")
        turn_until(lambda: one.owns and two.decider.partitions[0].hears, one, two)
        arena.give(1)
        one.decider.leave()
        turn_until(lambda: one.decider.has_left, one, two)
        arena.give(2)
        turn_until(lambda: two.owns and two.seen == [1, 2], two)
    assert arena.fences() == [(1, "tally-0"), (2, "tally-1")]
    assert silent_ms(arena) < OWNER_SILENCE_MS


def test_of_two_lives_of_the_named_slot_one_owns_what_was_given(arena: Arena) -> None:
    with arena.slots(3) as (one, two, again):
        one.begin("tally-0")
        two.begin("tally-1")
        again.begin("tally-1")
        turn_until(
            lambda: one.owns and all(s.decider.partitions[0].hears for s in (two, again)),
            *(one, two, again),
        )
        arena.ask(HandOver("tally-1"))
        turn_until(lambda: two.owns or again.owns, one, two, again)
        arena.give(1, 2)
        turn_until(lambda: one.seen == two.seen == again.seen == [1, 2], one, two, again)
        assert two.owns is not again.owns
    assert arena.story() == [1, 2]


def test_an_input_is_skipped_on_request(arena: Arena) -> None:
    with arena.slots(1) as (one,):
        one.begin("tally-0")
        turn_until(lambda: one.owns, one)
        arena.ask(Skip(arena.paced, 0, 1, 0))
        turn_until(lambda: one.decider.partitions[0].requests.any_skip, one)
        arena.give(1, 2, 3)
        turn_until(lambda: one.seen == [1, 3], one)
        turn_until(lambda: one.decider.partitions[0].may_write, one)
    assert arena.story() == [1, 3]


@pytest.mark.parametrize("step_ms", [HOUR_MS, -HOUR_MS])
def test_a_slot_whose_clock_is_an_hour_off_takes_no_partition(arena: Arena, step_ms: int) -> None:
    clock = SteppedClock()
    clock.step_ms = step_ms
    with arena.slots(1) as (one,):
        one.begin("tally-0", clock=clock)
        with pytest.raises(PromiseBrokenError, match="correct the clock"):
            turn_until(lambda: one.owns, one)


@pytest.mark.parametrize("step_ms", [HOUR_MS, -HOUR_MS])
def test_a_clock_that_is_stepped_under_an_owner_changes_nothing(arena: Arena, step_ms: int) -> None:
    clock = SteppedClock()
    with arena.slots(1) as (one,):
        one.begin("tally-0", clock=clock)
        turn_until(lambda: one.owns, one)
        arena.give(1)
        turn_until(lambda: one.seen == [1], one)
        clock.step_ms = step_ms
        arena.give(2)
        turn_until(lambda: one.seen == [1, 2], one)
        turn_until(lambda: one.decider.partitions[0].may_write, one)
    newest = arena.read()[-1]
    assert 0 <= newest.appended_at_ms - CODEC.header(newest.value).at_ms < 1_000
    assert arena.fences() == [(1, "tally-0")]

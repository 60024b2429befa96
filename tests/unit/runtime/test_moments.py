from collections.abc import Sequence

import pytest

from services.runtime.fenced_log.broker_time import SLEW
from services.runtime.fenced_log.core import Moment
from tests.fakes.log import FakeClock
from tests.fakes.tally import LOG, PACED, AlarmCore
from tests.unit.runtime.town import ALL_INPUTS, CODEC, SPREAD, Slot, Town

HOUR_MS = 3_600_000


def alarms(slot: Slot, number: int = 0) -> AlarmCore:
    core = slot.decider.partitions[number].core
    assert isinstance(core, AlarmCore)
    return core


def falls(moments: Sequence[Moment]) -> bool:
    times = [moment.now_ms for moment in moments]
    return times != sorted(times)


@pytest.mark.parametrize("limit", [7, 500])
def test_after_a_takeover_a_minute_of_backlog_is_judged_when_it_was_appended_then_all_is_judged_now(
    limit: int,
) -> None:
    town = Town()
    dead = town.start(0)
    town.turn(dead)
    appended_ms = []
    for number in range(1, 61):
        town.clock.advance(1_000)
        town.give(PACED, 0, number)
        appended_ms.append(town.clock.wall_ms())
    heir = town.start(1, lambda _: AlarmCore(rings_after_ms=HOUR_MS))
    heir.reader.limit = limit
    town.pass_silence(heir)
    town.turn(heir, times=20)
    assert heir.seen(0) == list(range(1, 61))
    moments = heir.core(0).moments
    assert [moment.now_ms for moment in moments] == appended_ms
    assert all(moment.behind for moment in moments)
    assert all(moment.written_at_ms > appended_ms[-1] for moment in moments)
    town.give(PACED, 0, 61)
    town.turn(heir)
    newest = heir.core(0).moments[-1]
    assert (newest.behind, newest.now_ms) == (False, newest.written_at_ms)
    assert not falls(heir.core(0).moments)
    assert not falls(alarms(heir).looks)


def test_a_partition_taken_with_much_queued_before_its_first_paced_input_goes_on() -> None:
    town = Town(inputs=ALL_INPUTS)
    town.give(PACED, 0, 1)
    town.clock.advance(5_000)
    town.tell(1, 0)
    for seq in range(1, 46):
        town.tell(1, seq, *range(seq * 1_000, seq * 1_000 + 1_000, 2))
    town.broker.away = {(PACED, 0)}
    one = town.start(0)
    town.turn(one, times=60)
    assert one.reader.paused == {(SPREAD, 0), (SPREAD, 1)}
    town.broker.away = False
    town.turn(one, times=80)
    assert one.reader.paused == set()
    assert len(one.seen(0)) == 1 + 45 * 500


class SteppedTown(Town):
    """A broker whose clock is stepped, and a slot that has a clock of its own."""

    def __init__(self, rings_after_ms: int) -> None:
        super().__init__(slots=1)
        self.own = FakeClock()
        self.one = self.start(0, lambda _: AlarmCore(rings_after_ms=rings_after_ms), self.own)
        self.pass_ms(100)

    def pass_ms(self, ms: int, give_from: int = 0) -> None:
        for number in range(ms // 10):
            self.own.advance(10)
            if give_from:
                self.give(PACED, 0, give_from + number)
            self.turn(self.one, times=1)

    def step(self, ms: int) -> None:
        self.clock.offset += ms

    def told_at_ms(self) -> list[int]:
        return [CODEC.header(arrived.value).at_ms for arrived in self.broker.records((LOG, 0))]


@pytest.mark.parametrize("steps_ms", [(-HOUR_MS,), (HOUR_MS, -HOUR_MS), (-HOUR_MS, HOUR_MS)])
def test_whatever_the_broker_s_clock_does_broker_time_never_falls(steps_ms: tuple[int]) -> None:
    town = SteppedTown(rings_after_ms=100)
    for number, step_ms in enumerate(steps_ms, 1):
        town.step(step_ms)
        town.give(PACED, 0, number)
        town.pass_ms(3_000)
    assert town.told_at_ms() == sorted(town.told_at_ms())
    assert not falls(alarms(town.one).looks)
    assert len(town.one.seen(0)) == 2 * len(steps_ms)


def test_a_broker_clock_stepped_back_an_hour_lets_nothing_come_early_and_late_by_a_sixteenth() -> (
    None
):
    town = SteppedTown(rings_after_ms=2_000)
    town.give(PACED, 0, 1)
    town.pass_ms(100)
    town.step(-HOUR_MS)
    town.pass_ms(1_800)
    assert town.one.seen(0) == [1]
    town.pass_ms(200 + 2_000 // SLEW)
    assert town.one.seen(0) == [1, -1]


def test_a_broker_clock_stepped_ahead_an_hour_brings_what_is_due_within_it_and_nothing_more() -> (
    None
):
    town = SteppedTown(rings_after_ms=HOUR_MS + 3_000)
    town.give(PACED, 0, 1)
    town.pass_ms(100)
    town.step(HOUR_MS)
    town.pass_ms(2_500)
    assert town.one.seen(0) == [1]
    town.pass_ms(500)
    assert town.one.seen(0) == [1, -1]


def test_a_slot_under_load_is_not_behind_for_as_long_as_the_broker_s_clock_was_stepped_back() -> (
    None
):
    town = SteppedTown(rings_after_ms=500)
    town.step(-HOUR_MS)
    town.pass_ms(2_000, give_from=1)
    core = alarms(town.one)
    core.moments.clear()
    town.pass_ms(1_000, give_from=1_001)
    assert core.moments
    assert not any(moment.behind for moment in core.moments)
    assert {moment.now_ms - moment.written_at_ms for moment in core.moments} == {0}
    assert -1_001 in town.one.seen(0)

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from typing_extensions import override

from services.runtime.errors import PoisonError, PromiseBrokenError
from services.runtime.fenced_log.core import Moment
from services.runtime.fenced_log.header import Position
from services.runtime.fenced_log.turn import BYTES_MAX, ENTRIES_MAX, TURN_MS
from tests.fakes.log import FakeClock
from tests.fakes.tally import ORDERS, PACED, TallyCodec, TallyCore
from tests.unit.runtime.rig import BEHIND, MOMENT, OwnedPartition, T
from tests.unit.runtime.town import SPREAD

LATER = Moment(T + 9_000, T + 9_000, True, False, 0, 0)


def test_everything_queued_is_decided_in_one_record() -> None:
    bench = OwnedPartition()
    bench.put(PACED, 0, 1, 2)
    bench.put(PACED, 1, 3)
    assert bench.run() == [1, 2, 3]
    assert bench.headers()[-1].inputs == ((PACED, 0, Position(2)),)
    assert bench.turn.queued == 0


def test_orders_are_decided_before_the_paced_input() -> None:
    bench = OwnedPartition()
    bench.put(PACED, 0, 1)
    bench.put(ORDERS, 0, 2)
    assert bench.run() == [2, 1]


def test_a_record_of_five_hundred_items_is_split_and_gone_on_with_by_index() -> None:
    bench = OwnedPartition()
    bench.put(PACED, 0, *range(500))
    first = bench.run()
    position = dict.fromkeys([(PACED, 0)], Position(0, len(first)))
    assert bench.partition.decided.positions == position
    assert bench.headers()[-1].inputs == ((PACED, 0, Position(0, len(first))),)
    second = bench.run()
    assert [*first, *second] == list(range(500))
    assert bench.headers()[-1].inputs == ((PACED, 0, Position(1)),)


def test_no_record_has_more_than_five_hundred_entries() -> None:
    bench = OwnedPartition(FortyfoldCore())
    bench.put(PACED, 0, *range(40))
    sizes = []
    while bench.turn.queued:
        sizes.append(len(bench.run()))
    assert max(sizes) <= ENTRIES_MAX
    assert sum(sizes) == 1_600


def test_no_record_is_heavier_than_its_bound() -> None:
    bench = OwnedPartition(codec=HeavyCodec())
    bench.put(PACED, 0, *range(20))
    sizes = []
    while bench.turn.queued:
        sizes.append(len(bench.run()) * HeavyCodec.ENTRY_BYTES)
    assert max(sizes) <= BYTES_MAX
    assert sum(sizes) == 20 * HeavyCodec.ENTRY_BYTES


def test_a_flood_of_failures_is_bounded_like_entries() -> None:
    bench = OwnedPartition()
    bench.put(PACED, 0, *[PoisonError("no")] * 3_000)
    bench.run()
    assert bench.turn.queued > 0
    assert max(len(arrived.value) for arrived in bench.broker.records(("log", 0))) <= BYTES_MAX


def test_one_backlog_ends_its_turn_after_a_tenth_of_a_second() -> None:
    clock = FakeClock(T)
    bench = OwnedPartition(SlowCore(clock), clock=clock)
    bench.put(PACED, 0, *range(400))
    begun_ms = clock.mono
    bench.run()
    assert 0 < bench.turn.queued < 400
    assert clock.mono - begun_ms < 2 * TURN_MS


def test_a_failing_input_is_tried_three_times_then_set_aside() -> None:
    bench = OwnedPartition(TallyCore(failing={2}))
    bench.put(PACED, 0, 1, 2, 3)
    assert bench.run() == [1]
    assert bench.run() == []
    assert bench.run() == [3]
    noted = [failure for header in bench.headers() for failure in header.failures]
    assert [(f.index, f.attempt, f.set_aside) for f in noted] == [
        (1, 1, False),
        (1, 2, False),
        (1, 3, True),
    ]
    assert {f.reason for f in noted} == {"ValueError"}
    assert bench.aside == noted[-1:]
    assert bench.partition.decided.failures == {}
    assert bench.partition.decided.positions[(PACED, 0)] == Position(1)


def test_what_is_set_aside_is_kept_elsewhere_before_the_log_says_so() -> None:
    bench = OwnedPartition(TallyCore(failing={2}))
    bench.put(PACED, 0, 2)
    for _ in range(3):
        bench.run()
    assert bench.failures_when_aside == [2]
    assert len(bench.headers()[-1].failures) == 1


def test_an_input_that_is_held_back_waits_with_what_lies_behind_it_and_nothing_else_does() -> None:
    bench = OwnedPartition()
    bench.holds_back = True
    bench.put(PACED, 0, 1, PoisonError("no"), 3)
    bench.put(SPREAD, 0, 4)
    assert bench.run() == [1, 4]
    assert bench.run() == []
    assert bench.headers()[-1].failures == ()
    assert bench.partition.decided.positions[(PACED, 0)] == Position(0, 1)
    bench.holds_back = False
    assert bench.run() == [3]
    assert [failure.index for failure in bench.aside] == [1]


def test_while_an_input_fails_its_position_stays_before_it() -> None:
    bench = OwnedPartition(TallyCore(failing={2}))
    bench.put(PACED, 0, 1, 2, 3)
    bench.run()
    assert bench.headers()[-1].inputs == ((PACED, 0, Position(0, 1)),)


@pytest.mark.parametrize("order", [2, PoisonError("no")])
def test_an_order_that_cannot_be_followed_stops_the_process(order: int | PoisonError) -> None:
    bench = OwnedPartition(TallyCore(failing={2}))
    bench.put(ORDERS, 0, order)
    with pytest.raises(PromiseBrokenError, match="the order at offset 0 cannot be followed"):
        bench.run()


def test_an_input_that_cannot_be_read_is_set_aside_at_once() -> None:
    bench = OwnedPartition()
    bench.put(PACED, 0, PoisonError("no"))
    bench.put(PACED, 1, 5)
    assert bench.run() == [5]
    (failure,) = bench.headers()[-1].failures
    assert (failure.reason, failure.set_aside) == ("PoisonError", True)
    assert "no" not in failure.reason
    assert bench.partition.decided.positions[(PACED, 0)] == Position(2)


def test_an_input_whose_effect_exceeds_a_decision_fails_like_any_other() -> None:
    bench = OwnedPartition(FloodCore())
    bench.put(PACED, 0, 41)
    for _ in range(3):
        assert bench.run() == []
    assert [f.reason for h in bench.headers() for f in h.failures] == ["OversizeError"] * 3
    assert bench.core.seen == []


def test_a_broken_promise_is_no_failing_input() -> None:
    bench = OwnedPartition(BrokenCore())
    bench.put(PACED, 0, 1)
    with pytest.raises(PromiseBrokenError):
        bench.run()


def test_what_is_forgotten_is_taken_again_when_it_is_read_again() -> None:
    bench = OwnedPartition()
    bench.put(ORDERS, 0, 1)
    bench.put(PACED, 0, 2)
    bench.turn.forget((ORDERS, 0))
    assert bench.turn.queued == 1
    bench.put(ORDERS, 0, 1)
    assert bench.run() == [1, 2]


def test_while_behind_the_paced_input_is_judged_at_its_append_time() -> None:
    bench = OwnedPartition()
    bench.put(PACED, 0, 1, appended_at_ms=T - 9_000)
    bench.put(PACED, 1, 2, appended_at_ms=T - 5_000)
    bench.put(ORDERS, 0, 3, appended_at_ms=T - 7_000)
    bench.run(BEHIND)
    orders, first, second = bench.core.moments
    assert (first.now_ms, second.now_ms) == (T - 9_000, T - 5_000)
    assert orders.now_ms == T
    assert {m.written_at_ms for m in bench.core.moments} == {T}


def test_while_behind_time_does_not_fall_between_two_inputs() -> None:
    bench = OwnedPartition()
    bench.put(PACED, 0, 1, appended_at_ms=T - 5_000)
    bench.put(PACED, 1, 2, appended_at_ms=T - 6_000)
    bench.run(BEHIND)
    assert [m.now_ms for m in bench.core.moments] == [T - 5_000, T - 5_000]


def test_an_input_is_never_judged_later_than_its_writing() -> None:
    bench = OwnedPartition()
    bench.put(PACED, 0, 1, appended_at_ms=T + 50)
    bench.run(BEHIND)
    assert bench.core.moments[0].now_ms == T


def test_at_the_end_inputs_are_judged_now() -> None:
    bench = OwnedPartition()
    bench.put(PACED, 0, 1, appended_at_ms=T - 900)
    bench.run(MOMENT)
    assert bench.core.moments[0].now_ms == T


def test_the_longest_wait_of_a_record_is_told() -> None:
    bench = OwnedPartition()
    bench.put(PACED, 0, 1, appended_at_ms=T - 30)
    bench.put(PACED, 1, 2, appended_at_ms=T - 10)
    _, waited_ms = bench.turn.run(MOMENT, bench.reading(), bench._send)
    assert waited_ms == 30


def test_inputs_that_the_core_does_not_admit_wait_in_their_order() -> None:
    bench = OwnedPartition(ClosedCore())
    bench.put(PACED, 0, 1)
    bench.put(ORDERS, 0, 2)
    assert bench.run() == [2]
    assert bench.turn.queued == 1
    assert bench.run(LATER) == [1]


def test_due_work_is_written_after_the_inputs_until_none_is_left() -> None:
    bench = OwnedPartition(DueCore(left=[91, 92, 93]))
    bench.put(PACED, 0, 1)
    assert bench.run() == [1, 91, 92, 93]


class FortyfoldCore(TallyCore):
    @override
    def decide(self, item: int, moment: Moment) -> Sequence[int]:
        return [item] * 40


class FloodCore(TallyCore):
    @override
    def decide(self, item: int, moment: Moment) -> Sequence[int]:
        return range(item)


class BrokenCore(TallyCore):
    @override
    def decide(self, item: int, moment: Moment) -> Sequence[int]:
        raise PromiseBrokenError("enough")


class ClosedCore(TallyCore):
    @override
    def admits(self, topic: str, moment: Moment) -> bool:
        return topic == ORDERS or moment.now_ms > T


@dataclass
class DueCore(TallyCore):
    left: list[int] = field(default_factory=list)

    @override
    def due(self, moment: Moment) -> Sequence[int]:
        return [self.left.pop(0)] if self.left else ()


class SlowCore(TallyCore):
    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.clock = clock

    @override
    def decide(self, item: int, moment: Moment) -> Sequence[int]:
        self.clock.advance(5)
        return [item]


class HeavyCodec(TallyCodec):
    ENTRY_BYTES = 60_000

    @override
    def weight(self, entry: int) -> int:
        return self.ENTRY_BYTES

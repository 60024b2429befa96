import pytest

from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.header import Claim, Fence, FencePoint, Header, Position
from services.runtime.fenced_log.role import Reading, Role
from tests.fakes.tally import PACED
from tests.unit.runtime.bench import OTHER, TP, Bench, claim, fence, followed


def test_an_ownerless_partition_is_fenced_and_owned_when_the_fence_is_read_back() -> None:
    bench = Bench()
    bench.seek()
    assert bench.partition.role is Role.FENCING
    bench.deliver()
    assert bench.partition.role is Role.FENCING
    assert bench.read_on() is Role.OWNING
    assert bench.partition.epoch == 1
    assert bench.headers()[0].control == Fence("slot-0")


def test_an_owner_answers_a_claim_at_once() -> None:
    bench = Bench()
    bench.own()
    bench.write(1)
    bench.deliver()
    bench.other(claim())
    bench.read_on()
    bench.clock.advance(1)
    assert bench.write()


def test_a_claim_or_fence_that_does_not_come_back_ends_the_process_too() -> None:
    bench = Bench()
    bench.seek()
    bench.clock.advance(15_001)
    with pytest.raises(PromiseBrokenError, match="not read back within"):
        bench.seek()


def test_a_higher_fence_costs_an_owner_the_partition_and_not_the_process() -> None:
    bench = Bench()
    bench.own()
    bench.write(1)
    bench.other(fence(2))
    assert bench.read_on() is Role.FOLLOWING
    bench.writer.lose_acks = True
    bench.deliver()
    bench.clock.advance(20_000)
    bench.partition.check_sending(bench.clock.mono, at_end=True)


def test_a_lower_or_equal_fence_costs_an_owner_nothing() -> None:
    bench = Bench()
    bench.own()
    bench.other(fence(1))
    assert bench.read_on() is Role.OWNING


def test_of_two_fences_of_one_epoch_the_later_goes_back_to_watching() -> None:
    bench = Bench()
    bench.seek()
    bench.other(fence(1))
    bench.deliver()
    assert bench.read_on() is Role.FOLLOWING
    bench.clock.advance(2_999)
    bench.seek()
    assert bench.partition.role is Role.FOLLOWING


def test_a_fence_overtaken_by_a_higher_one_has_lost() -> None:
    bench = Bench()
    bench.seek()
    bench.other(fence(1))
    bench.other(fence(2))
    bench.deliver()
    assert bench.read_on() is Role.FOLLOWING
    assert bench.partition.epoch == 2


def test_what_came_between_reading_and_the_fence_is_folded_before_owning() -> None:
    bench = Bench()
    reign = FencePoint(1, OTHER, 0)
    bench.other(Header(reign, 10, control=Fence("slot-0")))
    bench.read_on()
    bench.seek()
    late = Header(FencePoint(1, OTHER, 1), 20, ((PACED, 0, Position(7, 2)),))
    bench.other(late, 41, 42)
    bench.deliver()
    assert bench.read_on() is Role.OWNING
    assert bench.core.seen == [41, 42]
    assert bench.partition.decided.positions == {(PACED, 0): Position(7, 2)}
    assert bench.partition.log_time_ms == 20


def test_a_fence_moves_no_position_as_records_may_stand_before_it() -> None:
    bench = Bench()
    bench.other(Header(FencePoint(1, OTHER, 0), 10, control=Fence("slot-0")))
    bench.other(Header(FencePoint(1, OTHER, 1), 10, ((PACED, 0, Position(3)),)))
    bench.read_on()
    bench.seek()
    bench.deliver()
    assert bench.headers()[-1].inputs == ()


def test_each_attempt_to_fence_draws_a_new_owner() -> None:
    bench = Bench()
    bench.own()
    bench.other(fence(2))
    bench.other(Header(FencePoint(3, OTHER, 0), 0, control=Fence("slot-0")))
    bench.read_on()
    bench.seek()
    bench.deliver()
    bench.read_on()
    owners = [h.point.owner for h in bench.headers() if h.control == Fence("slot-0")]
    assert len(owners) == len(set(owners)) == 3


def silent_for(bench: Bench, ms: int) -> None:
    for _ in range(ms // 100):
        bench.seek()
        bench.clock.advance(100)


def test_a_silent_owner_is_claimed_and_fenced_once_the_claim_is_read_back() -> None:
    bench = Bench(preferred=False)
    followed(bench)
    silent_for(bench, 3_000)
    bench.seek()
    assert bench.partition.role is Role.CLAIMING
    bench.deliver()
    assert bench.read_on() is Role.FOLLOWING
    bench.seek()
    assert bench.partition.role is Role.FENCING
    bench.deliver()
    assert bench.read_on() is Role.OWNING
    assert [type(h.control) for h in bench.headers()] == [Fence, Claim, Fence]


def test_a_claim_that_took_over_a_second_shows_a_slow_broker_and_is_void() -> None:
    bench = Bench(preferred=False)
    followed(bench)
    silent_for(bench, 3_000)
    bench.seek()
    bench.clock.advance(1_001)
    bench.deliver()
    bench.read_on()
    silent_for(bench, 2_900)
    assert bench.partition.role is Role.FOLLOWING
    silent_for(bench, 200)
    assert bench.partition.role is Role.CLAIMING


def test_the_owner_s_answer_to_a_claim_keeps_it_the_owner() -> None:
    bench = Bench(preferred=False)
    followed(bench)
    silent_for(bench, 3_000)
    bench.seek()
    bench.deliver()
    bench.other(Header(FencePoint(1, OTHER, 1), 0))
    bench.read_on()
    bench.seek()
    assert bench.partition.role is Role.FOLLOWING


@pytest.mark.parametrize("step_ms", [-1_001, 1_001])
def test_a_clock_more_than_a_second_from_the_broker_s_ends_the_process(step_ms: int) -> None:
    bench = Bench()
    bench.seek()
    bench.deliver()
    fence_read = bench.broker.records(TP)[0]
    off = Reading(0, bench.clock.wall_ms() + step_ms)
    bench.partition._sending.wall_ms = off.wall_ms  # type: ignore[union-attr]
    with pytest.raises(PromiseBrokenError, match="correct the clock"):
        bench.partition.read(fence_read, off)


def test_a_slow_fence_is_no_sign_of_a_wrong_clock() -> None:
    bench = Bench()
    bench.seek()
    bench.clock.advance(6_000)
    bench.deliver()
    bench.clock.advance(6_000)
    assert bench.read_on() is Role.OWNING

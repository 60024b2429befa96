import pytest

from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.header import FencePoint, Header, Position
from services.runtime.fenced_log.role import Role
from services.runtime.log_port import Sent
from tests.fakes.tally import PACED
from tests.unit.runtime.bench import TP, Bench, claim, fence, followed


def test_a_record_right_behind_what_was_read_is_settled_by_its_acknowledgement() -> None:
    bench = Bench()
    bench.own()
    for number in (1, 2):
        assert bench.write(number, at_ms=number)
        assert not bench.partition.may_write
        bench.deliver()
        assert bench.partition.may_write
        assert bench.partition.log_time_ms == number
    bench.read_on()
    assert bench.partition.may_write
    assert bench.write(3)


def test_a_record_with_something_before_it_is_settled_when_it_is_read_back() -> None:
    bench = Bench()
    bench.own()
    bench.write(1)
    bench.other(claim())
    bench.deliver()
    assert not bench.partition.may_write
    bench.read_on()
    assert bench.partition.may_write


def test_a_record_behind_a_fence_is_not_settled_by_its_acknowledgement() -> None:
    bench = Bench()
    bench.own()
    bench.write(1)
    bench.other(fence(2))
    bench.deliver()
    assert not bench.partition.may_write
    assert bench.read_on() is Role.FOLLOWING


def test_a_record_without_an_append_time_is_settled_when_it_is_read_back() -> None:
    bench = Bench()
    bench.own()
    bench.writer.tells_time = False
    bench.write(1)
    bench.deliver()
    assert not bench.partition.may_write
    bench.read_on()
    assert bench.partition.may_write


def test_time_goes_on_from_an_acknowledgement() -> None:
    bench = Bench()
    bench.own()
    bench.clock.offset += 700  # the broker's clock gains
    bench.write(1)
    bench.deliver()
    bench.clock.advance(50)
    mono_ms = bench.clock.mono
    assert bench.partition.time.now_ms(mono_ms, mono_ms) == bench.clock.wall_ms()


def test_an_acknowledgement_that_comes_after_the_read_changes_nothing() -> None:
    bench = Bench()
    bench.own()
    bench.write(1)
    value, done = bench.writer.waiting[0][1:]
    bench.writer.waiting.clear()
    record = bench.broker.append(TP, value)
    bench.read_on()
    bench.write(2)
    done(Sent(*TP, record.offset, record.appended_at_ms))
    assert not bench.partition.may_write


def test_nothing_is_written_while_a_record_is_under_way() -> None:
    bench = Bench()
    bench.own()
    bench.write(1)
    with pytest.raises(PromiseBrokenError, match="writing without owning"):
        bench.write(2)


def test_nothing_is_written_by_one_who_does_not_own() -> None:
    bench = Bench()
    followed(bench)
    bench.clock.advance(1_000)
    with pytest.raises(PromiseBrokenError, match="writing without owning"):
        bench.write(1)


def test_records_of_a_reign_are_counted_from_its_fence() -> None:
    bench = Bench()
    bench.own()
    for number in (1, 2):
        bench.write(number)
        bench.deliver()
        bench.read_on()
    assert [h.point.seq for h in bench.headers()] == [0, 1, 2]
    assert len({h.point.owner for h in bench.headers()}) == 1


def test_an_owner_that_has_nothing_to_say_speaks_once_a_second() -> None:
    bench = Bench()
    bench.clock.advance(10_000)
    bench.own()
    assert bench.write()
    bench.deliver()
    bench.read_on()
    bench.clock.advance(899)
    assert not bench.write()
    bench.clock.advance(1)
    assert bench.write()


def test_a_send_that_was_not_acknowledged_ends_the_process() -> None:
    bench = Bench()
    bench.own()
    bench.write(1)
    bench.writer.lose_acks = True
    with pytest.raises(PromiseBrokenError, match="not acknowledged"):
        bench.deliver()


def test_fifteen_seconds_are_the_limit_of_a_record_under_way() -> None:
    bench = Bench()
    bench.own()
    bench.write(1)
    bench.clock.advance(15_000)
    bench.partition.check_sending(bench.clock.mono, at_end=True)
    bench.clock.advance(1)
    with pytest.raises(PromiseBrokenError, match="not read back within"):
        bench.partition.check_sending(bench.clock.mono, at_end=True)


def test_a_paused_owner_reads_what_came_before_it_gives_up() -> None:
    bench = Bench()
    bench.own()
    bench.write(1)
    bench.clock.advance(15_001)
    bench.partition.check_sending(bench.clock.mono, at_end=False)
    bench.clock.advance(15_000)
    with pytest.raises(PromiseBrokenError, match="read back"):
        bench.partition.check_sending(bench.clock.mono, at_end=False)


def test_time_never_falls_within_a_partition() -> None:
    bench = Bench()
    bench.own()
    for at_ms in (5_000, 4_000):
        bench.write(1, at_ms=at_ms)
        bench.deliver()
        bench.read_on()
    assert [h.at_ms for h in bench.headers()[1:]] == [5_000, 5_000]


def test_a_record_names_the_positions_that_moved_since_the_one_before() -> None:
    bench = Bench()
    bench.own()
    bench.partition.decided.advance((PACED, 0), Position(4, 1))
    bench.write(1)
    bench.deliver()
    bench.read_on()
    bench.write(2)
    bench.deliver()
    assert [h.inputs for h in bench.headers()[1:]] == [((PACED, 0, Position(4, 1)),), ()]


def test_a_record_of_this_reign_that_was_not_under_way_ends_the_process() -> None:
    bench = Bench()
    bench.own()
    point = bench.headers()[0].point
    bench.other(Header(FencePoint(point.epoch, point.owner, 1), 0))
    with pytest.raises(PromiseBrokenError, match="not under way"):
        bench.read_on()

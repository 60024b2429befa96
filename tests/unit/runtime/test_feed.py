import pytest

from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.header import Fence, FencePoint, Header
from tests.fakes.tally import LOG, ORDERS, PACED, TallyCore
from tests.unit.runtime.town import ALL_INPUTS, CODEC, LIVE, SPREAD, GatedCore, Town


def test_a_shared_input_is_read_again_from_the_lowest_position_and_each_skips_its_own() -> None:
    town = Town()
    one = town.start(0)
    town.turn(one)
    for number in range(1, 6):
        town.give(ORDERS, 0, number)
        town.turn(one, times=2)
    assert one.seen(0) == [1, 2, 3, 4, 5]
    assert one.seen(1) == []
    town.pass_silence(one)
    assert one.seen(0) == one.seen(1) == [1, 2, 3, 4, 5]
    assert town.entries(0) == town.entries(1) == [1, 2, 3, 4, 5]


def test_a_partition_that_waits_misses_and_repeats_nothing_when_another_is_taken() -> None:
    town = Town(inputs=ALL_INPUTS)
    gate = GatedCore()
    one = town.start(0, lambda number: TallyCore() if number else gate)
    two = town.start(1)
    for partition in (0, 1):
        header = Header(FencePoint(1, b"o", 0), 0, control=Fence("up-0"))
        town.broker.append((SPREAD, partition), CODEC.record(header, ()))
    town.turn(one, two)
    for number in (1, 2, 3):
        town.give(ORDERS, 0, number * 10)
        header = Header(FencePoint(1, b"o", number), 0)
        town.broker.append((SPREAD, 0), CODEC.record(header, (number * 2, number * 2 + 1)))
        town.turn(one, two)
    assert (one.seen(0), one.seen(1)) == ([], [10, 3, 20, 5, 30, 7])
    town.pass_silence(one)
    assert one.owns() == {0, 1}
    gate.open = True
    town.turn(one)
    assert one.seen(0) == [10, 20, 30, 2, 4, 6]
    assert one.seen(1) == [10, 3, 20, 5, 30, 7]


def test_a_fenced_input_is_judged_by_the_reader_rule_and_each_takes_what_is_its_own() -> None:
    town = Town(inputs=ALL_INPUTS)
    one = town.start(0)
    owner, zombie = b"o" * 16, b"z" * 16

    def spread(epoch: int, writer: bytes, seq: int, *values: int) -> None:
        control = Fence("up-0") if seq == 0 else None
        header = Header(FencePoint(epoch, writer, seq), 0, control=control)
        town.broker.append((SPREAD, 0), CODEC.record(header, values))

    spread(1, zombie, 0)
    spread(2, owner, 0)
    spread(1, zombie, 1, 66)
    spread(2, owner, 1, 2, 3, 4)
    town.turn(one)
    assert one.seen(0) == [2, 4]
    town.pass_silence(one)
    assert one.seen(1) == [3]
    spread(2, owner, 2, 6)
    town.turn(one)
    again = town.start(0)
    town.turn(again)
    spread(2, owner, 3, 8, 9)
    town.turn(again)
    assert (again.seen(0), again.seen(1)) == ([2, 4, 6, 8], [3, 9])


def test_a_gap_in_a_fenced_input_stops_the_process() -> None:
    town = Town(inputs=ALL_INPUTS)
    one = town.start(0)
    town.turn(one)
    header = Header(FencePoint(1, b"o", 3), 0)
    town.broker.append((SPREAD, 0), CODEC.record(header, [2]))
    with pytest.raises(PromiseBrokenError, match="spread/0"):
        town.turn(one)


def test_an_input_that_cannot_be_read_is_told_to_the_observer_once() -> None:
    town = Town()
    one = town.start(0)
    town.turn(one)
    town.broker.append((PACED, 0), b"what?")
    town.give(PACED, 0, 1)
    town.turn(one)
    (failure,) = one.observer.aside
    assert (failure.topic, failure.offset, failure.set_aside) == (PACED, 0, True)
    assert one.seen(0) == [1]


def test_the_attempts_of_a_failing_input_are_counted_across_a_takeover() -> None:
    town = Town()
    one = town.start(0, lambda _: TallyCore(failing={7}))
    town.turn(one)
    town.give(PACED, 0, 7, 8)
    town.turn(one, times=1)
    again = town.start(0, lambda _: TallyCore(failing={7}))
    town.turn(again, times=6)
    noted = [f for a in town.broker.records((LOG, 0)) for f in CODEC.header(a.value).failures]
    assert [failure.attempt for failure in noted] == [1, 2, 3]
    assert again.seen(0) == [8]


def test_inputs_are_paused_while_too_much_waits_and_resumed_when_it_is_decided() -> None:
    town = Town()
    cores = {number: GatedCore() for number in range(2)}
    one = town.start(0, cores.__getitem__)
    town.turn(one)
    for start in range(0, 30_000, 500):
        town.give(PACED, 0, *range(start, start + 500))
    town.turn(one)
    assert one.reader.paused == {(PACED, 0), (ORDERS, 0)}
    cores[0].open = True
    while one.reader.paused:
        town.turn(one, times=1)
    # A real reader returns nothing for half a second then: so much is left to do.
    assert one.decider.turns[0].queued >= 10_000
    town.turn(one, times=80)
    assert one.reader.paused == set()
    assert one.seen(0) == list(range(30_000))


def test_a_partition_taken_or_lost_under_pressure_leaves_no_input_paused() -> None:
    town = Town()
    cores = {number: GatedCore() for number in range(2)}
    one, two = town.start(0, cores.__getitem__), town.start(1)
    town.turn(one, two)
    for start in range(0, 30_000, 500):
        town.give(PACED, 0, *range(start, start + 500))
    town.turn(one, two)
    assert one.reader.paused == {(PACED, 0), (ORDERS, 0)}
    town.pass_silence(two)
    town.turn(one, two)
    assert one.owns() == set()
    assert one.reader.paused == set()


def test_live_topics_are_handed_on_and_are_no_part_of_the_positions() -> None:
    town = Town(inputs=ALL_INPUTS)
    one = town.start(0)
    town.give(LIVE, 0, 1)
    town.turn(one)
    town.give(PACED, 0, 5)
    town.turn(one)
    assert [arrived.value for arrived in one.live] == [b"1"]
    assert one.seen(0) == [5]
    assert (LIVE, 0) not in one.decider.partitions[0].decided.positions

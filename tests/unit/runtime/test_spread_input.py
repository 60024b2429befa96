import pytest

from services.runtime.fenced_log.header import FencePoint, Position
from tests.fakes.tally import LOG, ORDERS, TallyCore
from tests.unit.runtime.town import (
    ALL_INPUTS,
    CODEC,
    SPREAD,
    UPSTREAM,
    ZOMBIE,
    GatedCore,
    Slot,
    Town,
)

SPLIT = list(range(0, 1_400, 2))
"""Numbers for partition 0 that need more than one record."""
TP = (SPREAD, 0)


def positions(town: Town, number: int) -> list[Position]:
    """Give the positions in the spread input that the records of a partition tell, in order."""
    headers = [CODEC.header(arrived.value) for arrived in town.broker.records((LOG, number))]
    return [p for h in headers for topic, partition, p in h.inputs if (topic, partition) == TP]


def split_in_two() -> tuple[Town, Slot]:
    """Give a town whose owner has written the first of the records of one spread record."""
    town = Town(inputs=ALL_INPUTS)
    one = town.start(0)
    town.tell(1, 0)
    town.tell(1, 1, 2_000)
    town.turn(one)
    town.tell(1, 2, *SPLIT)
    while len(town.entries(0)) == 1:
        town.turn(one, times=1)
    assert 1 < len(town.entries(0)) < len(SPLIT)
    return town, one


def test_a_split_spread_record_is_told_by_its_index_and_the_record_before_it() -> None:
    town, _ = split_in_two()
    decided = len(town.entries(0)) - 1
    assert positions(town, 0)[-1] == Position(2, decided, FencePoint(1, UPSTREAM, 1))


@pytest.mark.parametrize("heir", [0, 1])
def test_a_split_spread_record_is_gone_on_with_after_a_restart_and_by_an_heir(heir: int) -> None:
    town, _ = split_in_two()
    two = town.start(heir)
    town.pass_silence(two)
    town.tell(1, 3, 3_000)
    town.turn(two)
    assert two.owns() >= {0}
    assert two.seen(0) == town.entries(0) == [2_000, *SPLIT, 3_000]
    assert positions(town, 0)[-1] == Position(4, 0, FencePoint(1, UPSTREAM, 3))


def test_a_split_spread_record_is_gone_on_with_by_an_heir_who_waits_for_another_partition() -> None:
    town, one = split_in_two()
    del one
    two = town.start(1)
    town.turn(two)
    town.tell(1, 3, 3_000, 3_001)
    town.turn(two)
    town.pass_silence(two)
    assert two.owns() == {0, 1}
    assert town.entries(0) == [2_000, *SPLIT, 3_000]
    assert town.entries(1) == [3_001]


def test_a_late_record_of_a_zombie_behind_a_saved_position_is_dropped() -> None:
    town = Town(inputs=ALL_INPUTS)
    one = town.start(0)
    town.tell(1, 0, owner=ZOMBIE)
    town.tell(1, 1, 2, owner=ZOMBIE)
    town.tell(2, 0)
    town.tell(2, 1, 4)
    town.turn(one)
    town.turn(one, times=10, ms=100)
    assert positions(town, 0)[-1].point == FencePoint(2, UPSTREAM, 1)
    town.tell(1, 2, 66, owner=ZOMBIE)
    town.tell(2, 2, 6)
    again = town.start(0)
    town.turn(again)
    assert again.seen(0) == town.entries(0) == [2, 4, 6]


def test_a_late_record_of_a_zombie_between_two_saved_positions_is_dropped_for_both() -> None:
    town = Town(inputs=ALL_INPUTS)
    one, two = town.start(0), town.start(1)
    town.tell(1, 0, owner=ZOMBIE)
    town.tell(1, 1, 2, 3, owner=ZOMBIE)
    town.turn(one, two)
    town.tell(2, 0)
    town.tell(2, 1, 4, 5)
    town.turn(one)
    town.turn(one, times=10, ms=100)
    ahead, back = positions(town, 0)[-1], positions(town, 1)[-1]
    assert (ahead.point, back.point) == (FencePoint(2, UPSTREAM, 1), FencePoint(1, ZOMBIE, 1))
    town.tell(1, 2, 66, 77, owner=ZOMBIE)
    town.tell(2, 2, 6, 7)
    heir = town.start(0)
    town.turn(heir)
    town.pass_silence(heir)
    assert heir.owns() == {0, 1}
    assert town.entries(0) == [2, 4, 6]
    assert town.entries(1) == [3, 5, 7]


def test_a_zombie_s_record_is_dropped_for_one_that_waits_behind_when_one_ahead_is_taken() -> None:
    town = Town(inputs=ALL_INPUTS)
    one = town.start(0)
    town.tell(1, 0, owner=ZOMBIE)
    town.tell(1, 1, 2, owner=ZOMBIE)
    town.tell(2, 0)
    town.tell(2, 1, 4, 5)
    town.turn(one)
    town.tell(1, 2, 66, 77, owner=ZOMBIE)
    town.tell(2, 2, 6, 7)
    gate = GatedCore()
    heir = town.start(1, lambda number: gate if number else TallyCore())
    town.pass_silence(heir)
    assert heir.owns() == {0, 1}
    assert (town.entries(0), town.entries(1)) == ([2, 4, 6], [])
    gate.open = True
    town.turn(heir)
    assert (town.entries(0), town.entries(1)) == ([2, 4, 6], [5, 7])


def test_while_a_spread_item_fails_the_position_stays_before_it_and_its_record() -> None:
    town = Town(inputs=ALL_INPUTS)
    one = town.start(0, lambda _: TallyCore(failing={4}))
    town.tell(1, 0)
    town.tell(1, 1, 2, 3, 4, 6)
    town.turn(one, times=12)
    assert positions(town, 0) == [
        Position(1, 2, FencePoint(1, UPSTREAM, 0)),
        Position(2, 0, FencePoint(1, UPSTREAM, 1)),
    ]
    assert one.seen(0) == [2, 6]
    (failure,) = one.observer.aside
    assert (failure.topic, failure.offset, failure.index) == (SPREAD, 1, 2)


def test_what_fails_for_one_addressee_is_decided_by_the_other_at_once() -> None:
    town = Town(inputs=ALL_INPUTS)
    one = town.start(0, lambda number: TallyCore(failing=set() if number else {2}))
    town.pass_silence(one)
    assert one.owns() == {0, 1}
    town.tell(1, 0)
    town.tell(1, 1, 2, 3, 4, 5)
    town.turn(one, times=1)
    assert (town.entries(0), town.entries(1)) == ([], [3, 5])
    town.turn(one, times=12)
    assert (one.seen(0), one.seen(1)) == ([4], [3, 5])
    assert [failure.index for failure in one.observer.aside] == [0]


def test_the_attempts_of_a_failing_spread_item_are_counted_across_a_takeover() -> None:
    town = Town(inputs=ALL_INPUTS)
    one = town.start(0, lambda _: TallyCore(failing={4}))
    town.tell(1, 0)
    town.tell(1, 1, 2, 4, 6)
    while not one.decider.partitions[0].decided.failures:
        town.turn(one, times=1)
    two = town.start(1, lambda _: TallyCore(failing={4}))
    town.turn(two)
    town.pass_silence(two)
    noted = [f for a in town.broker.records((LOG, 0)) for f in CODEC.header(a.value).failures]
    assert [failure.attempt for failure in noted] == [1, 2, 3]
    assert two.seen(0) == town.entries(0) == [2, 6]


def test_an_order_and_a_spread_record_read_again_for_a_second_partition_are_not_repeated() -> None:
    town, _ = split_in_two()
    town.give(ORDERS, 0, 9)
    heir = town.start(0)
    town.turn(heir)
    town.pass_silence(heir)
    assert heir.owns() == {0, 1}
    assert sorted(town.entries(0)) == sorted([2_000, *SPLIT, 9])
    assert town.entries(1) == [9]

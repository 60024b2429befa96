import pytest

from tests.fakes.tally import LOG, PACED
from tests.unit.runtime.town import Slot, Town


def leave(town: Town, slot: Slot) -> None:
    slot.decider.leave()
    for _ in range(10):
        if slot.decider.has_left:
            return
        town.turn(slot, times=1, ms=50)
    pytest.fail("it did not leave")


def test_what_a_leaving_slot_owned_is_another_s_at_once() -> None:
    town = Town()
    one, two = town.two_slots()
    town.give(PACED, 0, 1)
    town.turn(one, two)
    leave(town, one)
    assert town.yields(0) == [""]
    town.give(PACED, 0, 2)
    town.turn(two, times=6, ms=50)
    assert two.owns() == {0, 1}
    assert two.seen(0) == [1, 2]


def test_a_leaving_slot_takes_nothing() -> None:
    town = Town()
    one, _ = town.two_slots()
    leave(town, one)
    town.turn(one, times=60, ms=100)
    assert one.owns() == set()
    assert town.fences(0) == ["tally-0"]


def test_a_leaving_slot_waits_for_the_record_under_way_and_for_its_own_fence() -> None:
    town = Town()
    one, two = town.two_slots()
    one.writer.holding = True
    town.give(PACED, 0, 1)
    town.turn(one)
    one.decider.leave()
    town.turn(one, times=4, ms=50)
    assert not one.decider.has_left
    one.writer.holding = False
    town.turn(one, times=4, ms=50)
    assert one.decider.has_left
    assert two.seen(0) == []
    town.turn(two)
    assert two.seen(0) == [1]


def test_a_single_slot_leaves_without_a_word_and_takes_its_own_back_at_once() -> None:
    town = Town(slots=1)
    one = town.start(0)
    town.turn(one)
    records = len(town.broker.records((LOG, 0)))
    one.decider.leave()
    assert one.decider.has_left
    assert len(town.broker.records((LOG, 0))) == records
    again = town.start(0)
    town.turn(again)
    assert again.owns() == {0, 1}


def test_who_starts_after_all_have_left_takes_what_is_its_own_and_nothing_else_at_once() -> None:
    town = Town()
    one, two = town.two_slots()
    leave(town, one)
    leave(town, two)
    first = town.start(1)
    town.turn(first, times=10, ms=50)
    assert first.owns() == {1}
    second = town.start(0)
    town.turn(first, second, times=4, ms=50)
    assert (first.owns(), second.owns()) == ({1}, {0})


def test_what_nobody_comes_back_for_is_taken_after_the_silence() -> None:
    town = Town()
    one, two = town.two_slots()
    leave(town, one)
    leave(town, two)
    first = town.start(1)
    town.pass_silence(first)
    assert first.owns() == {0, 1}

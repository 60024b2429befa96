from collections.abc import Callable

import pytest

from services.runtime.fenced_log.reader import FencedReader
from services.runtime.fenced_log.role import Role
from tests.fakes.tally import LOG, PACED
from tests.unit.runtime.town import CODEC, Slot, Town


def fencing(town: Town) -> Slot:
    """Start slot 0 and stop it when its fence is under way."""
    slot = town.start(0)
    slot.writer.holding = True
    while slot.decider.partitions[0].role is not Role.FENCING:
        town.turn(slot, times=1)
    return slot


def before_the_second_fences(town: Town, first: Slot) -> Slot:
    assert first.writer.deliver_late()
    return town.start(0)


def while_the_second_s_fence_is_under_way(town: Town, first: Slot) -> Slot:
    second = fencing(town)
    assert first.writer.deliver_late()
    return second


def after_the_second_s_fence_landed(town: Town, first: Slot) -> Slot:
    second = fencing(town)
    second.writer.holding = False
    second.writer.serve()
    assert first.writer.deliver_late()
    return second


def after_the_second_has_written(town: Town, first: Slot) -> Slot:
    second = town.start(0)
    town.give(PACED, 0, 3)
    town.turn(second)
    assert town.entries(0) == [1, 2, 3]
    assert first.writer.deliver_late()
    return second


Moment = Callable[[Town, Slot], Slot]
MOMENTS: dict[Moment, int] = {
    before_the_second_fences: 3,
    while_the_second_s_fence_is_under_way: 3,
    after_the_second_s_fence_landed: 2,
    after_the_second_has_written: 2,
}
"""When the late fence of epoch 2 arrives, and in which epoch the second life then owns."""


def story(town: Town) -> tuple[list[int], list[bytes]]:
    """Give what an independent reader takes from partition 0, and the owners it believes."""
    reader, told, owners = FencedReader("checker/0"), list[int](), list[bytes]()
    for arrived in town.broker.records((LOG, 0)):
        header = CODEC.header(arrived.value)
        if reader.accept(header).counts:
            told += CODEC.entries(arrived.value)
            owners += [] if header.point.owner in owners else [header.point.owner]
    return told, owners


def between_two_lives() -> tuple[Town, Slot, Slot]:
    """Give a town whose slot 0 died while its second reign began, and who watches."""
    town = Town()
    dead, watcher = town.start(0), town.start(1)
    town.turn(dead, watcher)
    town.give(PACED, 0, 1)
    town.turn(dead, watcher)
    town.give(PACED, 0, 2)
    return town, fencing(town), watcher


@pytest.mark.parametrize(("late", "epoch"), MOMENTS.items())
def test_a_late_fence_of_a_slot_s_former_life_loses_nothing_and_repeats_nothing(
    late: Moment, epoch: int
) -> None:
    town, first, watcher = between_two_lives()
    second = late(town, first)
    second.writer.holding = False
    town.turn(second, watcher)
    town.give(PACED, 0, 4)
    town.turn(second, watcher)
    assert (second.owns(), watcher.owns()) == ({0}, {1})
    told, _ = story(town)
    assert told in ([1, 2, 4], [1, 2, 3, 4])
    assert second.seen(0) == watcher.seen(0) == town.entries(0) == told
    town.turn(second, watcher, times=20, ms=100)
    assert (second.owns(), watcher.owns()) == ({0}, {1})
    assert second.decider.partitions[0].epoch == watcher.decider.partitions[0].epoch == epoch


@pytest.mark.parametrize("late", MOMENTS)
def test_a_former_life_that_wakes_after_its_fence_was_too_late_decides_nothing(
    late: Moment,
) -> None:
    town, first, watcher = between_two_lives()
    second = late(town, first)
    second.writer.holding = False
    town.turn(second, watcher)
    town.give(PACED, 0, 4)
    town.turn(first, times=1)
    assert first.owns() == set()
    assert all(not CODEC.entries(value) for _, value, _ in first.writer.waiting)
    town.turn(second, watcher)
    assert second.seen(0) == watcher.seen(0) == town.entries(0) == story(town)[0]


def test_of_two_fences_of_one_slot_the_earlier_counts_though_the_names_are_the_same() -> None:
    town, first, watcher = between_two_lives()
    second = fencing(town)
    assert first.writer.deliver_late()
    assert second.writer.deliver_late()
    town.turn(watcher)
    earlier, later = (CODEC.header(a.value).point for a in town.broker.records((LOG, 0))[-2:])
    assert (earlier.epoch, later.epoch) == (2, 2)
    assert story(town)[1][-1] == earlier.owner != later.owner
    town.turn(second, times=1)
    assert second.decider.partitions[0].role is not Role.OWNING

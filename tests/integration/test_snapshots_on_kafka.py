"""Snapshots, fences and failing inputs of a small fenced log on a real broker."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from services.runtime.fenced_log.header import FencePoint, Header, SnapshotChunk, SnapshotDone
from tests.fakes.tally import TallyCore
from tests.support.arena import Arena, Slot, turn_until
from tests.support.stack import Broker

EVERY = 10
SNAPSHOTS = (SnapshotChunk, SnapshotDone)


@pytest.fixture
def arena(kafka_stack: Broker) -> Arena:
    return Arena(kafka_stack)


def worked(arena: Arena, slot: Slot, first: int) -> int:
    """Let an owner decide until there are more snapshots; give the number that comes next.

    A log that is no longer than what is searched for one is read whole, and the search widens.
    """
    before = len(done_in(arena))
    number = first
    while len(done_in(arena)) < before + 6:
        for _ in range(EVERY):
            arena.give(number)
            turn_until(lambda number=number: number in slot.seen, slot)
            number += 1
    turn_until(lambda: slot.decider.partitions[0].may_write, slot)
    return number


def done_in(arena: Arena) -> list[tuple[FencePoint, SnapshotDone]]:
    return [
        (header.point, header.control)
        for header, _ in arena.records()
        if isinstance(header.control, SnapshotDone)
    ]


@contextmanager
def begun(arena: Arena, name: str) -> Iterator[Slot]:
    with arena.slots(1) as (slot,):
        slot.begin(name, snapshot_every=EVERY)
        yield slot


def assert_one_that_starts_has_it(arena: Arena, covered: int) -> None:
    """Hold one who starts now, from the newest snapshot that counts, against the whole log."""
    story = arena.story()
    with begun(arena, "tally-2") as late:
        turn_until(lambda: late.seen == story, late)
        assert [found for _, found, _ in late.observer.loads] == [covered]


def test_whoever_starts_has_the_state_of_the_log_wherever_snapshot_and_fence_stand(
    arena: Arena,
) -> None:
    with begun(arena, "tally-0") as first:
        turn_until(lambda: first.owns, first)
        number = worked(arena, first, 1)
    (former, older) = done_in(arena)[-1]
    last = max(header.point.seq for header, _ in arena.records())
    chunk = SnapshotChunk(0, b'{"seen": [666], "rings": []}')
    end = replace(older, covered=older.covered + 1, chunks=1)
    arena.append(Header(replace(former, seq=last + 1), 0, control=chunk))
    with begun(arena, "tally-1") as heir:
        turn_until(lambda: heir.owns, heir)
        # The snapshot is older than the fence.
        assert_one_that_starts_has_it(arena, older.covered)
        # One of the former owner lies astride the fence. Of one that it begins behind it there is
        # no end: an owner writes that when it knows the chunks to be settled.
        for seq, late in enumerate((end, chunk), last + 2):
            arena.append(Header(replace(former, seq=seq), 0, control=late))
            assert_one_that_starts_has_it(arena, older.covered)
        # One is newer than the fence.
        worked(arena, heir, number)
        (_, newer) = done_in(arena)[-1]
        assert newer.covered > older.covered
        assert_one_that_starts_has_it(arena, newer.covered)
    assert 666 not in arena.story()


def test_an_input_that_raises_is_set_aside_and_the_next_is_decided(arena: Arena) -> None:
    with arena.slots() as (one, two):
        for index, slot in enumerate((one, two)):
            slot.begin(f"tally-{index}", new_core=lambda: TallyCore(failing={2}))
        turn_until(lambda: one.owns, one, two)
        arena.give(1, 2, 3)
        turn_until(lambda: one.seen == two.seen == [1, 3], one, two)
        assert [(each.attempt, each.set_aside) for each in one.observer.aside] == [(3, True)]
        # The heir decides nothing twice, and does not try it again.
        turn_until(lambda: two.owns, two)
        arena.give(4)
        turn_until(lambda: two.seen == [1, 3, 4], two)
        assert not two.observer.aside
    assert arena.story() == [1, 3, 4]


def test_of_two_lives_of_one_slot_that_fence_at_once_one_wins(arena: Arena) -> None:
    with arena.slots() as (one, two):
        for slot in (one, two):
            slot.begin("tally-0")
        turn_until(lambda: one.epoch > 0 and two.epoch > 0, one, two)
        # Without the lock of their name each may take back what it takes for its own.
        turn_until(lambda: [one.owns, two.owns].count(True) == 1, one, two)
        arena.give(1, 2)
        turn_until(lambda: one.seen == two.seen == [1, 2], one, two)
    assert arena.story() == [1, 2]

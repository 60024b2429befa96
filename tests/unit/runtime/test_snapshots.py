"""An owner writes snapshots; whoever starts goes on from the newest that counts (rule 1.8)."""

from itertools import pairwise

import pytest

from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.header import (
    Failure,
    FencePoint,
    Position,
    SnapshotChunk,
    SnapshotDone,
)
from services.runtime.fenced_log.role import Role
from tests.fakes.tally import LOG, PACED, AlarmCore
from tests.unit.runtime.bench import CODEC, OTHER, Bench
from tests.unit.runtime.town import SPREAD, Slot, Town

EVERY = 10
CONTROLS = (SnapshotChunk, SnapshotDone)


def controls(town: Town, number: int = 0) -> list[SnapshotChunk | SnapshotDone]:
    headers = [CODEC.header(arrived.value) for arrived in town.broker.records((LOG, number))]
    return [h.control for h in headers if isinstance(h.control, CONTROLS)]


def a_day(town: Town, one: Slot, numbers: int = 40, first: int = 1) -> None:
    for value in range(first, first + numbers):
        town.give(PACED, 0, value)
        town.turn(one)


def town_with_snapshots(numbers: int = 40) -> tuple[Town, Slot]:
    town = Town(slots=1, snapshot_every=EVERY)
    one = town.start(0)
    a_day(town, one, numbers)
    return town, one


def test_a_snapshot_is_written_every_so_many_records_and_ends_with_what_it_covers() -> None:
    town, _ = town_with_snapshots(EVERY + 6)
    *chunks, done = controls(town)[:4]
    assert isinstance(done, SnapshotDone)
    assert [each.number for each in chunks if isinstance(each, SnapshotChunk)] == [0, 1, 2]
    assert (done.covered, done.chunks, done.slot) == (EVERY, 3, "tally-0")
    assert done.inputs == ((PACED, 0, Position(9)),)
    before = CODEC.header(town.broker.records((LOG, 0))[EVERY - 1].value)
    assert (done.seq, done.at_ms) == (before.point.seq, before.at_ms)


def test_decisions_go_on_between_the_chunks() -> None:
    town, _ = town_with_snapshots(EVERY + 6)
    records = [CODEC.header(a.value) for a in town.broker.records((LOG, 0))]
    written = [at for at, h in enumerate(records) if isinstance(h.control, CONTROLS)]
    assert [later - earlier for earlier, later in pairwise(written[:4])] == [2, 2, 2]


def test_the_first_chunk_names_every_position_that_the_snapshot_has() -> None:
    bench = Bench()
    bench.own()
    bench.partition.decided.advance((PACED, 0), Position(7))
    bench.partition.decided.pass_over((SPREAD, 3), Position(9))
    done = bench.partition.cover()
    bench.partition.write_control(SnapshotChunk(0, b""), bench.reading(), bench.send)
    bench.deliver()
    assert done.inputs == ((PACED, 0, Position(7)), (SPREAD, 3, Position(9)))
    assert bench.headers()[-1].inputs == done.inputs


def test_one_that_starts_begins_at_the_newest_snapshot() -> None:
    town, _ = town_with_snapshots(200)
    newest = [each for each in controls(town) if isinstance(each, SnapshotDone)][-1]
    end = len(town.broker.records((LOG, 0)))
    second = town.start(0)
    town.turn(second, times=20)
    assert second.observer.loads == [(0, newest.covered, end)]
    assert end - newest.covered < end / 4
    a_day(town, second, 5, first=201)
    assert second.seen(0) == town.entries(0) == list(range(1, 206))


def test_a_log_no_longer_than_two_snapshots_apart_is_read_from_its_start() -> None:
    town, _ = town_with_snapshots(3)
    second = town.start(0)
    town.turn(second, times=20)
    assert second.observer.loads == []
    assert second.seen(0) == [1, 2, 3]


def test_a_log_whose_snapshots_lie_far_back_is_searched_further_and_further() -> None:
    town, _ = town_with_snapshots(200)
    town.snapshot_every = 1_000_000
    one = town.start(0)
    a_day(town, one, 50, first=201)
    town.snapshot_every = EVERY
    second = town.start(0)
    town.turn(second, times=40)
    ((number, covered, end),) = second.observer.loads
    assert (number, end - covered > 2 * EVERY) == (0, True)
    assert second.seen(0) == list(range(1, 251))


def test_a_log_without_a_snapshot_is_read_from_its_start() -> None:
    town = Town(slots=1)
    a_day(town, town.start(0), 60)
    town.snapshot_every = EVERY
    second = town.start(0)
    town.turn(second, times=40)
    assert second.observer.loads == []
    assert second.seen(0) == list(range(1, 61))


def test_a_partition_that_was_lost_is_folded_again_from_a_snapshot() -> None:
    town = Town(slots=2, snapshot_every=EVERY)
    first, second = town.start(0), town.start(1)
    for value in range(1, 61):
        town.give(PACED, 0, value)
        town.turn(first, second)
    while 0 not in second.owns():
        town.turn(second, times=1, ms=100)
    town.give(PACED, 0, 61)
    town.turn(first, second, times=20)
    assert [number for number, _, _ in first.observer.loads] == [0]
    assert first.seen(0) == second.seen(0) == list(range(1, 62))


def test_what_is_not_settled_is_not_taken() -> None:
    bench = Bench()
    bench.own()
    bench.write(1)
    with pytest.raises(PromiseBrokenError, match="not settled"):
        bench.partition.cover()
    bench.deliver()
    assert bench.partition.cover().covered == 2


def test_alarms_ring_after_a_restart_at_the_moment_they_were_set_for() -> None:
    town = Town(slots=1, snapshot_every=EVERY)
    one = town.start(0, lambda _: AlarmCore(rings_after_ms=60_000))
    a_day(town, one, 100)
    second = town.start(0, lambda _: AlarmCore(rings_after_ms=60_000))
    town.turn(second, times=20)
    assert second.observer.loads
    core, before = second.core(0), one.core(0)
    assert isinstance(core, AlarmCore)
    assert isinstance(before, AlarmCore)
    assert core.rings_at_ms == before.rings_at_ms


def test_failures_of_inputs_that_are_tried_again_are_part_of_it() -> None:
    bench = Bench()
    bench.own()
    failed = Failure(PACED, 0, 7, 0, 2, False, "ValueError")
    bench.partition.write((), (failed,), 0, bench.reading(), bench.send)
    bench.deliver()
    assert bench.partition.cover().failures == (failed,)
    other = Bench()
    other.partition.load(FencePoint(1, OTHER, 4), bench.partition.cover(), 0)
    assert other.partition.decided.failures == {(PACED, 0, 7, 0): failed}


def test_recent_takeovers_still_ask_for_a_longer_silence() -> None:
    bench = Bench(preferred=False)
    done = SnapshotDone(5, 4, 1, 1_000, (), (), "slot-9", (500, 900))
    bench.partition.load(FencePoint(3, OTHER, 4), done, 0)
    watch = bench.partition.watch
    assert (watch.owner_slot, watch.takeovers) == ("slot-9", (500, 900))


def test_a_slot_takes_back_at_once_what_a_snapshot_says_is_its_own() -> None:
    town, _ = town_with_snapshots(200)
    second = town.start(0)
    before = town.clock.monotonic_ms()
    while second.owns() != {0, 1}:
        town.turn(second, times=1)
    assert town.clock.monotonic_ms() - before < 1_000
    assert second.decider.partitions[0].role is Role.OWNING

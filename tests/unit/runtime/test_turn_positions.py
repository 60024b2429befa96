from services.runtime.fenced_log.header import FencePoint, Position
from services.runtime.fenced_log.partition import HEARTBEAT_MS
from tests.fakes.tally import PACED
from tests.unit.runtime.rig import OwnedPartition
from tests.unit.runtime.town import SPREAD

POINT = FencePoint(1, b"o", 1)


def test_what_lies_below_the_partition_s_own_position_is_skipped() -> None:
    bench = OwnedPartition()
    bench.partition.decided.advance((PACED, 0), Position(5, 2))
    bench.put(PACED, 4, 1)
    bench.put(PACED, 5, 10, 11, 12)
    bench.put(PACED, 6, 20)
    assert bench.run() == [12, 20]


def test_a_record_with_nothing_for_this_partition_moves_its_position() -> None:
    bench = OwnedPartition()
    bench.put(PACED, 0)
    bench.put(PACED, 1, 7)
    bench.put(PACED, 2)
    assert bench.run() == [7]
    assert bench.partition.decided.positions[(PACED, 0)] == Position(3)


def test_a_partly_decided_record_whose_rest_is_of_others_is_passed() -> None:
    bench = OwnedPartition()
    bench.partition.decided.advance((PACED, 0), Position(5, 3))
    bench.put(PACED, 5, 10, 11, 12)
    assert bench.run() == []
    assert bench.partition.decided.positions[(PACED, 0)] == Position(6)


def test_what_a_shared_input_holds_for_others_is_named_by_one_record_a_heartbeat() -> None:
    bench = OwnedPartition()
    named = []
    for offset in range(20):
        assert bench.turn.pass_over((SPREAD, 3), offset, POINT)
        bench.put(PACED, offset, offset)
        bench.clock.advance(HEARTBEAT_MS // 9)
        bench.run()
        named += [i[2] for i in bench.headers()[-1].inputs if i[0] == SPREAD]
    assert bench.partition.decided.positions[(SPREAD, 3)] == Position(20, 0, POINT)
    assert named == [Position(9, 0, POINT), Position(18, 0, POINT)]


def test_what_is_for_others_does_not_overtake_what_waits_before_it() -> None:
    bench = OwnedPartition()
    bench.put(PACED, 0, 1)
    assert not bench.turn.pass_over((PACED, 0), 1, None)


def test_what_is_for_others_below_the_partition_s_own_position_moves_nothing_back() -> None:
    bench = OwnedPartition()
    bench.partition.decided.advance((SPREAD, 3), Position(5, 2, POINT))
    assert bench.turn.pass_over((SPREAD, 3), 4, None)
    assert bench.partition.decided.positions[(SPREAD, 3)] == Position(5, 2, POINT)

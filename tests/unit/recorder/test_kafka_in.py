import pytest

from seatline.facts.v1 import facts_pb2
from services.recorder.domain.entries import LogPoint, Position
from services.recorder.ports import Reading
from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.header import FencePoint, Header, Yield, to_proto
from services.runtime.fenced_log.wishes import HandOver, Request, WriteLess
from tests.support.recorder_entries import queued
from tests.support.recorder_logs import LogWriter, facts_log, rulings_log
from tests.support.recorder_world import SmallBatches, source_of


async def read(log: LogWriter, start: Position | None = None) -> tuple[SmallBatches, Reading]:
    source = source_of(log)
    await source.start({log.tp: start or Position(0, 1)})
    return source, await source.gather(1_000)


async def read_on(log: LogWriter) -> None:
    source, _ = await read(log)
    await source.gather(1_000)


def contacts(reading: Reading) -> list[str | None]:
    return [entry.contact_id for record in reading.records for entry in record.entries]


async def test_records_of_a_zombie_are_stepped_over_and_their_entries_dropped() -> None:
    log = facts_log().write(queued("c-1")).fence()
    log.stray(1, 5, queued("late")).stray(2, 1, queued("loser")).write(queued("c-2"))
    _, reading = await read(log)
    assert contacts(reading) == ["c-1", "c-2"]
    advance = reading.advances[log.tp]
    assert advance.after.next_offset == 6
    assert advance.after.point == LogPoint(2, log.owner, 1)


async def test_a_reader_that_goes_on_from_a_saved_position_judges_as_one_that_never_stopped() -> (
    None
):
    log = facts_log().write(queued("c-1"))
    before = (await read(log))[1].advances[log.tp].after
    log.stray(1, 2, queued("zombie")).write(queued("c-2"))
    assert contacts((await read(log, before))[1]) == ["c-2"]


async def test_a_zombie_that_is_next_after_a_restart_moves_the_position_and_nothing_else() -> None:
    log = facts_log().fence()
    before = (await read(log))[1].advances[log.tp].after
    log.stray(1, 9, queued("zombie"))
    after = (await read(log, before))[1].advances[log.tp].after
    assert after == Position(before.next_offset + 1, 1, before.point, before.log_time)


async def test_a_missing_record_stops_the_reader() -> None:
    log = facts_log().write(queued()).write(queued())
    del log.values[1]
    with pytest.raises(PromiseBrokenError, match="seq"):
        await read_on(log)


async def test_a_log_whose_beginning_is_gone_stops_the_reader() -> None:
    log = facts_log()
    with pytest.raises(PromiseBrokenError, match="out of range"):
        await read(log, Position(7, 1))


async def test_a_reign_that_begins_without_its_fence_stops_the_reader() -> None:
    with pytest.raises(PromiseBrokenError, match="without its fence"):
        await read_on(facts_log().stray(4, 3, queued()))


async def test_a_record_that_cannot_be_understood_stops_the_reader_and_names_its_place() -> None:
    log = rulings_log(2)
    log.values.append(b"\xff\xff nobody wrote this")
    with pytest.raises(PromiseBrokenError, match=r"rulings\.v1/2: the record at offset 1"):
        await read_on(log)


async def test_what_stands_before_a_record_that_cannot_be_understood_is_handed_out_first() -> None:
    log = facts_log().write(queued("c-1")).write(queued("c-2"))
    log.values.append(b"\xff\xff nobody wrote this")
    source, reading = await read(log)
    assert contacts(reading) == ["c-1", "c-2"]
    assert reading.advances[log.tp].after.next_offset == 3
    with pytest.raises(PromiseBrokenError, match=r"facts\.v1/0: the record at offset 3"):
        await source.gather(1_000)


async def test_a_log_that_asks_for_a_newer_reader_stops_this_one() -> None:
    with pytest.raises(PromiseBrokenError, match="upgrade"):
        await read_on(facts_log().fence(version=99))


async def test_a_batch_ends_with_the_record_that_fills_it() -> None:
    log = facts_log().write(queued(), queued("c-2")).write(queued("c-3"))
    source = source_of(log)
    await source.start({log.tp: Position(0, 1)})
    readings = [await source.gather(2) for _ in range(3)]
    assert [[len(r.entries) for r in reading.records] for reading in readings] == [[0, 2], [1], []]
    assert [reading.full for reading in readings] == [True, False, False]
    assert readings[2].advances == {}


async def test_a_new_start_forgets_what_was_read_and_not_handed_out() -> None:
    log = facts_log().write(queued("c-1")).write(queued("c-2"))
    source = source_of(log)
    await source.start({log.tp: Position(0, 1)})
    before = (await source.gather(2)).advances[log.tp].before
    await source.start({log.tp: before})
    assert contacts(await source.gather(1_000)) == ["c-1", "c-2"]


async def test_a_partition_is_unread_until_its_known_end_was_handed_out() -> None:
    log = facts_log().write(queued())
    source = source_of(log)
    assert source.unread(log.tp)
    await source.start({log.tp: Position(0, 1)})
    await source.gather(1)
    assert source.unread(log.tp)
    await source.gather(1_000)
    assert not source.unread(log.tp)
    assert source.appended_at_ms(log.tp) is not None


async def test_what_people_ask_and_who_owns_is_handed_out() -> None:
    log = facts_log().write(queued("c-1"))
    log.ask(Request("Asha", "a test", HandOver("slot-1"))).give_up("slot-1").fence()
    _, reading = await read(log)
    controls = [(each.offset, each.control.kind) for each in reading.records if each.control]
    assert controls == [(0, "fence"), (2, "request"), (3, "yielding"), (4, "fence")]


async def test_what_slots_ask_of_each_other_and_what_a_zombie_does_is_not() -> None:
    log = facts_log().fence().ask(Request("slot-1", "", WriteLess(0), slot="slot-1"))
    zombie = Header(FencePoint(1, b"stray".ljust(16), 9), 0, (), Yield("slot-1"))
    record = facts_pb2.FactRecord(header=to_proto(zombie))
    log.values.append(record.SerializeToString())
    _, reading = await read(log)
    assert [each.offset for each in reading.records] == [0, 1]


async def test_a_request_brings_no_entry_and_moves_nothing_but_the_position() -> None:
    log = facts_log().write(queued("c-1"))
    before = (await read(log))[1].advances[log.tp].after
    point = FencePoint(2**62, b"anybody".ljust(16), 7)
    asked = Header(point, 2**50, (), Request("Asha", "", HandOver("slot-1")))
    record = facts_pb2.FactRecord(header=to_proto(asked), facts=[queued("c-2")])
    log.values.append(record.SerializeToString())
    _, reading = await read(log)
    assert contacts(reading) == ["c-1"]
    after = reading.advances[log.tp].after
    assert after == Position(before.next_offset + 1, 1, before.point, before.log_time)

import pytest
from typing_extensions import override

from services.recorder.adapters.kafka_in import FencedRecords
from services.recorder.domain.entries import Position
from services.runtime.errors import PromiseBrokenError
from services.runtime.log_port import Arrived
from tests.fakes.log import FakeClock, InMemoryBroker, InMemoryLogReader
from tests.support.recorder_entries import queued
from tests.support.recorder_logs import facts_log
from tests.support.recorder_world import source_of


class BeginningGone(InMemoryLogReader):
    """A log that has lost its oldest records, as the broker says it."""

    @override
    def poll(self, timeout_s: float) -> list[Arrived]:
        raise PromiseBrokenError("facts: Broker: Offset out of range")


async def gather(start: Position) -> None:
    clock = FakeClock()
    source = FencedRecords(BeginningGone(InMemoryBroker(clock)), clock)
    await source.start({facts_log().tp: start})
    await source.gather(10)


async def test_a_log_without_its_beginning_is_refused_by_an_empty_database_and_told() -> None:
    with pytest.raises(PromiseBrokenError, match=r"Nothing of seatline\.facts\.v1/0 is recorded"):
        await gather(Position(0, 1))
    with pytest.raises(PromiseBrokenError) as told:
        await gather(Position(7, 1))
    assert "Nothing of" not in str(told.value)


async def test_a_record_is_numbered_on_behind_the_logs_that_were_lost() -> None:
    log = facts_log().write(queued())
    source = source_of(log)
    await source.start({log.tp: Position(0, 1, offset_base=40)})
    reading = await source.gather(10)
    assert [record.offset for record in reading.records] == [40, 41]
    after = reading.advances[log.tp].after
    assert (after.next_offset, after.offset_base) == (2, 40)

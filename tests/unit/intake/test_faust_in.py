import asyncio
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faust
import pytest

from services.intake.adapters.faust_app import AppPlace, new_app
from services.intake.adapters.faust_in import FaustIntake
from services.intake.domain.values import ForeignRecord


class Event:
    """An event as the stream hands it out; its offset is noted when it is acknowledged."""

    def __init__(self, offset: int, story: list[Any]) -> None:
        self.message = SimpleNamespace(partition=0, offset=offset, timestamp=1.5)
        self.value = b"foreign"
        self._story = story
        self.acknowledged = asyncio.Event()

    def ack(self) -> None:
        self._story.append(self.message.offset)
        self.acknowledged.set()


@pytest.fixture
async def app(tmp_path: Path) -> faust.App:
    return new_app(AppPlace("127.0.0.1:1", "intake-0", tmp_path))


async def test_records_are_acknowledged_in_order_once_all_of_them_were_handled(
    app: faust.App,
) -> None:
    story: list[Any] = []

    async def handle(records: Sequence[ForeignRecord]) -> None:
        story.append([record.offset for record in records])

    intake = FaustIntake(app, handle)
    events: list[Any] = [Event(offset, story) for offset in (7, 8)]
    for event in events:
        await intake._gathering.put(event)
    pump = asyncio.create_task(intake._pump())
    await events[-1].acknowledged.wait()
    pump.cancel()
    assert story == [[7, 8], 7, 8]


async def test_a_record_that_was_not_handled_is_never_acknowledged(app: faust.App) -> None:
    story: list[Any] = []

    async def handle(_: Sequence[ForeignRecord]) -> None:
        raise ConnectionError

    intake = FaustIntake(app, handle)
    event: Any = Event(7, story)
    await intake._gathering.put(event)
    with pytest.raises(ConnectionError):
        await intake._pump()
    assert story == []

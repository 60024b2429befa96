import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import faust
import pytest
from faust.types import TP

from services.intake.adapters import hardening
from services.intake.adapters.faust_app import AppPlace, new_app
from services.intake.adapters.hardening import (
    IdempotentProducer,
    OrderlyConsumer,
    PatientBuffer,
    check_versions,
    harden,
)
from services.runtime.errors import PromiseBrokenError

PLACE = TP("seatline.intake.v1", 0)


class InFlight:
    """A message as the consumer tracks it."""

    def __init__(self, offset: int, tp: TP = PLACE) -> None:
        self.tp, self.offset, self.acked = tp, offset, False


@pytest.fixture
def failures() -> list[BaseException]:
    return []


@pytest.fixture
async def app(tmp_path: Path, failures: list[BaseException]) -> AsyncIterator[faust.App]:
    app = new_app(AppPlace("127.0.0.1:1", "intake-0", tmp_path))
    harden(app, failures.append)
    yield app
    if app._consumer is not None:
        # A consumer has a thread with a loop, which nobody closes unless it was started.
        app._consumer._thread.thread_loop.close()


def consumer_with(
    app: faust.App, committed: int | None, acked: list[int], in_flight: list[Any]
) -> OrderlyConsumer:
    consumer = app.consumer
    assert isinstance(consumer, OrderlyConsumer)
    consumer._committed_offset[PLACE] = committed
    consumer._acked[PLACE] = list(acked)
    consumer._acked_index[PLACE] = set(acked)
    consumer._unacked_messages = set(in_flight)  # type: ignore[assignment]
    return consumer


@pytest.mark.parametrize(
    ("committed", "acked", "in_flight", "commits"),
    [
        (2585, [2586, 2587, 2588, 2589], [2585], None),
        (None, [1, 2, 3], [0], None),
        (10, [10, 11, 13], [12], 12),
        (10, [10, 11], [], 12),
        (10, [], [10], None),
    ],
)
async def test_nothing_is_committed_past_a_record_in_flight(
    app: faust.App, committed: int | None, acked: list[int], in_flight: list[int], commits: int
) -> None:
    messages = [InFlight(offset) for offset in in_flight]
    consumer = consumer_with(app, committed, acked, messages)
    assert consumer._new_offset(PLACE) == commits


async def test_what_was_held_back_is_committed_once_the_record_in_flight_is_done(
    app: faust.App,
) -> None:
    message = InFlight(12)
    consumer = consumer_with(app, 10, [10, 11, 13], [message])
    assert consumer._new_offset(PLACE) == 12
    consumer._committed_offset[PLACE] = 12
    message.acked = True
    consumer._acked[PLACE].append(12)
    assert consumer._new_offset(PLACE) == 14


async def test_a_record_in_flight_elsewhere_holds_nothing_back(app: faust.App) -> None:
    elsewhere = InFlight(0, TP("seatline.intake.v1", 1))
    consumer = consumer_with(app, 10, [10], [elsewhere])
    assert consumer._new_offset(PLACE) == 11


async def test_the_producer_is_idempotent_and_waits_for_all_replicas(app: faust.App) -> None:
    producer = app.producer
    assert isinstance(producer, IdempotentProducer)
    assert producer._settings_extra() == {"acks": "all", "enable_idempotence": True}
    settings = producer._settings_default()
    assert settings["request_timeout_ms"] == 15_000
    assert settings["linger_ms"] == 0


async def test_a_flush_waits_for_what_is_being_sent(app: faust.App) -> None:
    buffer = app.producer.buffer
    assert isinstance(buffer, PatientBuffer)
    released = asyncio.Event()
    published: list[int] = []

    class SlowChannel:
        async def publish_message(self, fut: Any, wait: bool) -> None:
            await released.wait()
            published.append(fut.number)

    class Waiting:
        def __init__(self, number: int) -> None:
            self.number, self.message = number, self
            self.channel = SlowChannel()

    for number in range(3):
        buffer.put(Waiting(number))  # type: ignore[arg-type]
    async with buffer:
        flushing = asyncio.create_task(buffer.flush())
        # Longer than Faust's own patience of 0.1 s.
        done, _ = await asyncio.wait({flushing}, timeout=0.3)
        assert not done
        released.set()
        await asyncio.wait_for(flushing, 5)
        assert published == [0, 1, 2]


async def test_a_failed_send_is_told(app: faust.App, failures: list[BaseException]) -> None:
    error = OSError("away")
    state = app.sensors.on_send_initiated(
        app.producer,
        "topic",
        message=None,
        keysize=0,
        valsize=0,  # type: ignore[arg-type]
    )
    app.sensors.on_send_error(app.producer, error, state)
    assert failures == [error]


async def test_another_faust_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    check_versions()
    monkeypatch.setattr(hardening, "FAUST_VERSION", "0.13.2")
    with pytest.raises(PromiseBrokenError, match=r"closed for 0\.13\.2"):
        check_versions()


async def test_the_app_serves_nothing_and_creates_nothing(app: faust.App) -> None:
    conf = app.conf
    assert not conf.web_enabled
    assert not conf.web_tables_enabled
    assert not conf.topic_allow_declare
    assert conf.topic_disable_leader
    assert not conf.stream_wait_empty
    assert conf.table_standby_replicas == 0
    assert conf.broker_session_timeout <= 10
    assert str(conf.processing_guarantee.value) == "at_least_once"

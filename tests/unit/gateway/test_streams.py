import asyncio

import grpc
from prometheus_client import CollectorRegistry

from services.gateway.adapters import news
from services.gateway.adapters.metrics import Metrics
from services.gateway.adapters.streams import WRITE_DEADLINE_S, DeskStream, Streams


def opened() -> DeskStream:
    return Streams(3, Metrics(CollectorRegistry())).open()


async def test_a_client_that_leaves_a_frame_unread_for_too_long_loses_its_stream() -> None:
    stream = opened()
    stream.writing_since_s = 100.0
    stream.check_reading(100.0 + WRITE_DEADLINE_S)
    assert stream.closing is None
    stream.check_reading(100.1 + WRITE_DEADLINE_S)
    assert stream.closing is not None
    assert stream.closing[0] is grpc.StatusCode.RESOURCE_EXHAUSTED
    async with asyncio.timeout(1):
        await stream.closed()


async def test_a_stream_without_a_frame_under_way_may_be_quiet_for_long() -> None:
    stream = opened()
    stream.check_reading(1e9)
    assert stream.closing is None


async def test_a_frame_holds_what_gathered_and_leaves_nothing_to_wake_for() -> None:
    stream = opened()
    for session in ("S-1", "S-2"):
        stream.put(news.refused(session, "ready", "busy"))
    await stream.news()
    assert [event.session_id for event in stream.frame().events] == ["S-1", "S-2"]
    assert len(stream) == 0

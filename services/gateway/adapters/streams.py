"""The desks' streams: a bounded queue each, emptied by frames."""

import asyncio
from collections import deque
from collections.abc import Iterator

import grpc
from typing_extensions import override

from seatline.facts.v1 import session_pb2 as sessions
from seatline.gateway.v1 import gateway_service_pb2 as wire
from services.gateway.adapters import news
from services.gateway.adapters.metrics import Metrics
from services.gateway.domain.bindings import Binding
from services.gateway.domain.values import Confirmed, Person, StreamId
from services.gateway.ports import Desks

FRAME_EVENTS_MAX = 500
WRITE_DEADLINE_S = 10.0


class DeskStream:
    """What waits for one desk, and why its stream ends if it does."""

    def __init__(self, stream_id: StreamId, queue_max: int) -> None:
        self.stream_id = stream_id
        self.closing: tuple[grpc.StatusCode, str] | None = None
        self.writing_since_s: float | None = None
        """When the write of a frame began that has not ended, by the loop's clock."""
        self._queue: deque[wire.ServerEvent] = deque()
        self._queue_max = queue_max
        self._wake = asyncio.Event()
        self._closed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, event: wire.ServerEvent) -> None:
        """Queue news; a full queue closes the stream, because its client does not read."""
        if self.closing is not None:
            return
        if len(self._queue) >= self._queue_max:
            self.close(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                f"{self._queue_max} events wait unread: read faster, or open more streams with "
                "fewer sessions each",
            )
            return
        self._queue.append(event)
        self._wake.set()

    def close(self, code: grpc.StatusCode, why: str) -> None:
        """End the stream with a reason; what waits is forgotten, the log still has it."""
        if self.closing is None:
            self.closing = (code, why)
            self._queue.clear()
            self._wake.clear()
            self._closed.set()

    def check_reading(self, now_s: float) -> None:
        """Close the stream of a client that leaves a frame unread for too long.

        Looked at now and then for all streams: a timer for each write costs as much as a tenth of
        the write.
        """
        since_s = self.writing_since_s
        if since_s is not None and now_s - since_s > WRITE_DEADLINE_S:
            self.close(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                f"a frame was not read for {WRITE_DEADLINE_S:.0f} s: read, then connect again",
            )

    async def closed(self) -> None:
        """Return once the gateway wants the stream to end."""
        await self._closed.wait()

    async def news(self) -> None:
        """Return once there is something for a frame."""
        await self._wake.wait()

    def frame(self) -> wire.ServerFrame:
        """Return what gathered, at most 500 events."""
        count = min(len(self._queue), FRAME_EVENTS_MAX)
        events = [self._queue.popleft() for _ in range(count)]
        if not self._queue:
            self._wake.clear()
        return wire.ServerFrame(events=events)


class Streams(Desks):
    """All open streams, by id."""

    def __init__(self, queue_max: int, metrics: Metrics) -> None:
        """Start without streams.

        Args:
            queue_max: News that may wait per stream.
            metrics: Counts news.
        """
        self._queue_max = queue_max
        self._metrics = metrics
        self._open: dict[StreamId, DeskStream] = {}
        self._opened = 0

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[DeskStream]:
        return iter(list(self._open.values()))

    def open(self) -> DeskStream:
        """Return a new stream."""
        self._opened += 1
        stream = DeskStream(StreamId(self._opened), self._queue_max)
        self._open[stream.stream_id] = stream
        self._metrics.streams.set(len(self._open))
        return stream

    def forget(self, stream: DeskStream) -> None:
        """Forget a stream that has ended."""
        self._open.pop(stream.stream_id, None)
        self._metrics.streams.set(len(self._open))

    def tell(self, stream_id: StreamId, event: wire.ServerEvent) -> None:
        """Queue news for a stream, if it is open."""
        stream = self._open.get(stream_id)
        if stream is not None:
            self._metrics.event(event.WhichOneof("kind")).inc()
            stream.put(event)

    @override
    def gone(self, binding: Binding) -> None:
        event = news.signed_out(binding.session_id, sessions.SIGN_OUT_REASON_GONE)
        self.tell(binding.stream_id, event)

    @override
    def refused(self, binding: Binding, wish: str, reason: str) -> None:
        self.tell(binding.stream_id, news.refused(binding.session_id, wish, reason))

    @override
    def number(self, binding: Binding, confirmed: Confirmed, person: Person) -> None:
        self.tell(binding.stream_id, news.number(confirmed, person))

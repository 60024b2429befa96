"""The in-memory log under real threads and a real clock: polls wait until something is there."""

import threading
from collections.abc import Callable

from typing_extensions import override

from services.runtime.clock import SystemClock
from services.runtime.log_port import Arrived, SendError, Sent, TopicPartition
from tests.fakes.log import FakeClock, InMemoryBroker, InMemoryLogReader, InMemoryLogWriter


class TickingClock(FakeClock, SystemClock):
    """The system's clock, where a test's fake asks for a clock that it could move."""

    @override
    def monotonic_ms(self) -> int:
        return SystemClock.monotonic_ms(self)

    @override
    def wall_ms(self) -> int:
        return SystemClock.wall_ms(self)


class ThreadedBroker(InMemoryBroker):
    """Wakes those who wait for a record."""

    def __init__(self) -> None:
        super().__init__(TickingClock())
        self.changed = threading.Condition()

    @override
    def append(self, tp: TopicPartition, value: bytes) -> Arrived:
        with self.changed:
            record = super().append(tp, value)
            self.changed.notify_all()
        return record


class ThreadedLogReader(InMemoryLogReader):
    """Waits up to the timeout for the first record."""

    broker: ThreadedBroker

    @override
    def poll(self, timeout_s: float) -> list[Arrived]:
        with self.broker.changed:
            arrived = super().poll(0)
            if arrived or self.broker.changed.wait(timeout_s):
                return arrived or super().poll(0)
        return []


class ThreadedLogWriter(InMemoryLogWriter):
    """Waits up to the timeout for something to settle."""

    def __init__(self, broker: ThreadedBroker) -> None:
        super().__init__(broker)
        self.sent = threading.Event()

    @override
    def send(
        self,
        tp: TopicPartition,
        value: bytes,
        done: Callable[[Sent | SendError], None],
        key: bytes | None = None,
    ) -> None:
        super().send(tp, value, done, key)
        self.sent.set()

    @override
    def serve(self, timeout_s: float = 0.0) -> None:
        self.sent.wait(timeout_s)
        self.sent.clear()
        super().serve()

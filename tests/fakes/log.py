"""An in-memory log: both ports of `services.runtime.log_port`, driven by a fake clock."""

from collections import deque
from collections.abc import Callable, Collection, Mapping

from typing_extensions import override

from services.runtime.clock import Clock
from services.runtime.errors import PromiseBrokenError
from services.runtime.log_port import START, Arrived, End, SendError, Sent, TopicPartition


class FakeClock:
    """A clock that moves when told to."""

    def __init__(self, wall_ms: int = 1_770_000_000_000) -> None:
        self.mono = 0
        self.offset = wall_ms

    def monotonic_ms(self) -> int:
        return self.mono

    def wall_ms(self) -> int:
        return self.mono + self.offset

    def advance(self, ms: int) -> None:
        self.mono += ms


class InMemoryBroker:
    """Partitions as lists; append times from the clock."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.logs: dict[TopicPartition, list[Arrived]] = {}
        self.away: bool | Collection[TopicPartition] = False
        """Whether nobody answers, or the partitions whose leader does not."""

    def is_away(self, tp: TopicPartition) -> bool:
        return self.away if isinstance(self.away, bool) else tp in self.away

    def append(self, tp: TopicPartition, value: bytes) -> Arrived:
        log = self.logs.setdefault(tp, [])
        record = Arrived(*tp, len(log), self.clock.wall_ms(), value)
        log.append(record)
        return record

    def records(self, tp: TopicPartition) -> list[Arrived]:
        return self.logs.get(tp, [])


class InMemoryLogReader:
    """Reads what the broker has; `limit` bounds a poll."""

    def __init__(
        self, broker: InMemoryBroker, clock: Clock | None = None, limit: int = 500
    ) -> None:
        self.broker = broker
        self.clock = clock or broker.clock
        self.limit = limit
        self.next: dict[TopicPartition, int] = {}
        self.known: dict[TopicPartition, End] = {}
        self.timeouts_s: list[float] = []
        """How long each poll would have waited."""
        self.paused: set[TopicPartition] = set()
        self.returned = 0
        """How many records were handed out."""

    def assign(self, starts: Mapping[TopicPartition, int]) -> None:
        for tp in [tp for tp in self.next if tp not in starts]:
            del self.next[tp]
            self.known.pop(tp, None)
        for tp, offset in starts.items():
            if tp not in self.next:
                self.next[tp] = 0 if offset == START else offset

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self.next[tp] = 0 if offset == START else offset

    def pause(self, tps: Collection[TopicPartition]) -> None:
        self.paused.update(tps)

    def resume(self, tps: Collection[TopicPartition]) -> None:
        self.paused.difference_update(tps)

    def poll(self, timeout_s: float) -> list[Arrived]:
        self.timeouts_s.append(timeout_s)
        now = self.clock.monotonic_ms()
        arrived: list[Arrived] = []
        for tp, offset in self.next.items():
            if self.broker.is_away(tp):
                continue
            log = self.broker.records(tp)
            if offset > len(log):
                raise PromiseBrokenError(f"{tp[0]}/{tp[1]}: offset {offset} is out of range")
            self.known[tp] = End(len(log), now, now)
            if tp in self.paused:
                continue
            new = log[offset : offset + max(0, self.limit - len(arrived))]
            self.next[tp] = offset + len(new)
            arrived += new
        self.returned += len(arrived)
        return arrived

    def ends(self) -> Mapping[TopicPartition, End]:
        return self.known

    def at_end(self, tp: TopicPartition, within_ms: int) -> bool:
        end = self.known.get(tp)
        if end is None or self.clock.monotonic_ms() - end.asked_at_ms > within_ms:
            return False
        return self.next.get(tp, START) >= end.offset

    def close(self) -> None:
        self.next.clear()


class InMemoryLogWriter:
    """Appends at `serve`, so that what a sender does before the acknowledgement can be seen."""

    def __init__(self, broker: InMemoryBroker) -> None:
        self.broker = broker
        self.waiting: deque[tuple[TopicPartition, bytes, Callable[[Sent | SendError], None]]] = (
            deque()
        )
        self.lose_acks = False
        self.tells_time = True

    def send(
        self,
        tp: TopicPartition,
        value: bytes,
        done: Callable[[Sent | SendError], None],
        key: bytes | None = None,
    ) -> None:
        del key
        self.waiting.append((tp, value, done))

    def serve(self, timeout_s: float = 0.0) -> None:
        del timeout_s
        while (index := self._next()) is not None:
            tp, value, done = self.waiting[index]
            del self.waiting[index]
            record = self.broker.append(tp, value)
            if self.lose_acks:
                done(SendError(*tp, "the acknowledgement was lost"))
            else:
                done(Sent(*tp, record.offset, record.appended_at_ms if self.tells_time else None))

    def _next(self) -> int | None:
        there = (n for n, each in enumerate(self.waiting) if not self.broker.is_away(each[0]))
        return next(there, None)

    def flush(self, timeout_s: float) -> int:
        self.serve(timeout_s)
        return len(self.waiting)


class HeldLogWriter(InMemoryLogWriter):
    """Keeps what is sent until it is released, as a slow network or a paused process does."""

    def __init__(self, broker: InMemoryBroker) -> None:
        super().__init__(broker)
        self.holding = False
        self.slow = False
        """Whether only who waits for an acknowledgement gets it."""

    @override
    def serve(self, timeout_s: float = 0.0) -> None:
        if not self.holding and (timeout_s or not self.slow):
            super().serve(timeout_s)

    def deliver_late(self) -> bool:
        """Append the oldest record held, of a sender that nobody listens to any more."""
        if not self.waiting or self.broker.is_away(self.waiting[0][0]):
            return False
        tp, value, _ = self.waiting.popleft()
        self.broker.append(tp, value)
        return True

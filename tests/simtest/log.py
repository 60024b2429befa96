"""A simulated Kafka log behind the two ports of `services.runtime.log_port`.

What it keeps: the order of a partition, for writers and readers; that what was acknowledged is in
the log. What it does not keep: the order between partitions, the time that anything takes, that an
acknowledgement comes, that a dead or paused sender's records have arrived or never will.
"""

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random

from services.runtime.errors import PromiseBrokenError
from services.runtime.log_port import START, Arrived, End, SendError, Sent, TopicPartition
from tests.simtest.node import CrashedError, MachineClock, Node
from tests.simtest.scheduler import Scheduler

POLL_RECORDS_MAX = 500
ENDS_EVERY_MS = 250
ACK_DEADLINE_MS = 4_000
_APPEND_MS = 4
_ACK_MS = 4

Done = Callable[[Sent | SendError], None]


@dataclass(slots=True)
class _Log:
    """One partition."""

    records: list[Arrived] = field(default_factory=list)
    mono_ms: list[int] = field(default_factory=list)
    readers: list["SimulatedLogReader"] = field(default_factory=list)
    stalled_until_ms: int = 0


class SimulatedBroker:
    """Partitions, the broker's clock, and who is to be woken by a record."""

    def __init__(self, scheduler: Scheduler, machine: MachineClock) -> None:
        self.scheduler = scheduler
        self.on_append: list[Callable[[Arrived], None]] = []
        self.machine = machine
        self._logs: dict[TopicPartition, _Log] = {}

    def log(self, tp: TopicPartition) -> _Log:
        found = self._logs.get(tp)
        if found is None:
            found = self._logs[tp] = _Log()
        return found

    def records(self, tp: TopicPartition) -> list[Arrived]:
        return self.log(tp).records

    def append(self, tp: TopicPartition, value: bytes) -> Arrived:
        log = self.log(tp)
        record = Arrived(*tp, len(log.records), self.machine.wall_ms(), value)
        log.records.append(record)
        log.mono_ms.append(self.scheduler.now_ms)
        for hear in self.on_append:
            hear(record)
        for reader in log.readers:
            reader.wake(tp)
        return record

    def stall(self, tps: Collection[TopicPartition], until_ms: int) -> None:
        """Let the leaders of these partitions answer nobody for a while."""
        for tp in tps:
            self.log(tp).stalled_until_ms = until_ms

    @property
    def partitions(self) -> list[TopicPartition]:
        return list(self._logs)


class SimulatedLogReader:
    """Reads what has come through to it; each partition may lag by another time."""

    def __init__(
        self,
        broker: SimulatedBroker,
        node: Node,
        woken: Callable[[int], None] | None = None,
        at_once: Collection[str] | None = None,
    ) -> None:
        """Read nothing yet.

        Args:
            broker: The log.
            node: The process that reads.
            woken: Told when a record comes through; what is read in bulk wakes nobody.
            at_once: Topics that wake; all if None.
        """
        self.lags_ms: dict[TopicPartition, tuple[int, int]] = {}
        """Of partitions that are slow for now: how much, and until when."""
        self._broker = broker
        self._node = node
        self._woken = woken
        self._at_once = at_once
        self._next: dict[TopicPartition, int] = {}
        self._logs: dict[TopicPartition, _Log] = {}
        self._known: dict[TopicPartition, End] = {}
        self._paused: set[TopicPartition] = set()
        self._fetch_ms = node.chance.randrange(1, 6)
        self._asked_at_ms = -ENDS_EVERY_MS

    def assign(self, starts: Mapping[TopicPartition, int]) -> None:
        self._node.reach("assign")
        for tp in [tp for tp in self._next if tp not in starts]:
            del self._next[tp]
            self._known.pop(tp, None)
            self._logs.pop(tp).readers.remove(self)
        for tp, offset in starts.items():
            if tp not in self._next:
                self._next[tp] = 0 if offset == START else offset
                log = self._logs[tp] = self._broker.log(tp)
                log.readers.append(self)
                self._asked_at_ms = -ENDS_EVERY_MS

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self._next[tp] = 0 if offset == START else offset

    def pause(self, tps: Collection[TopicPartition]) -> None:
        self._paused.update(tps)

    def resume(self, tps: Collection[TopicPartition]) -> None:
        self._paused.difference_update(tps)

    def poll(self, timeout_s: float) -> list[Arrived]:
        self._node.reach("poll")
        now_ms = self._broker.scheduler.now_ms
        if now_ms - self._asked_at_ms >= ENDS_EVERY_MS:
            self._ask(now_ms)
        arrived: list[Arrived] = []
        for tp, log in self._logs.items():
            offset, end = self._next[tp], len(log.records)
            if offset >= end:
                if offset > end:
                    raise PromiseBrokenError(f"{tp[0]}/{tp[1]}: offset {offset} is out of range")
                continue
            if tp in self._paused or log.stalled_until_ms > now_ms:
                continue
            seen_ms = now_ms - self._lag_ms(tp, now_ms)
            stop = min(end, offset + POLL_RECORDS_MAX - len(arrived))
            while stop > offset and log.mono_ms[stop - 1] > seen_ms:
                stop -= 1
            arrived += log.records[offset:stop]
            self._next[tp] = stop
        if not arrived:
            self._node.blocked_ms += int(timeout_s * 1000)
        return arrived

    def ends(self) -> Mapping[TopicPartition, End]:
        return self._known

    def at_end(self, tp: TopicPartition, within_ms: int) -> bool:
        end = self._known.get(tp)
        if end is None or self._broker.scheduler.now_ms - end.asked_at_ms > within_ms:
            return False
        return self._next.get(tp, START) >= end.offset

    def close(self) -> None:
        for log in self._logs.values():
            log.readers.remove(self)
        self._next.clear()
        self._logs.clear()

    def wake(self, tp: TopicPartition) -> None:
        """Hear of a record; it comes through a while later."""
        if self._woken is not None and (self._at_once is None or tp[0] in self._at_once):
            now_ms = self._broker.scheduler.now_ms
            self._woken(now_ms + self._lag_ms(tp, now_ms))

    def _lag_ms(self, tp: TopicPartition, now_ms: int) -> int:
        if self.lags_ms:
            lag_ms, until_ms = self.lags_ms.get(tp, (0, 0))
            if until_ms > now_ms:
                return self._fetch_ms + lag_ms
        return self._fetch_ms

    def _ask(self, now_ms: int) -> None:
        """Learn the ends, as often as the real reader; a leader that is away tells nothing."""
        self._asked_at_ms = now_ms
        for tp, log in self._logs.items():
            if log.stalled_until_ms <= now_ms:
                self._known[tp] = End(len(log.records), now_ms, now_ms)


@dataclass(slots=True)
class _Outgoing:
    tp: TopicPartition
    value: bytes
    done: Done
    sent_at_ms: int
    gone_wrong: str = ""
    """`lost` is appended and not acknowledged, `never` is neither."""


class SimulatedLogWriter:
    """Appends in the order of sending, each partition at a pace of its own."""

    def __init__(self, broker: SimulatedBroker, node: Node, woken: Callable[[int], None]) -> None:
        """Start empty.

        Args:
            broker: The log.
            node: The process that writes; its death leaves what was on the way to chance.
            woken: Told when an acknowledgement can be served.
        """
        self.slow_ms = 0
        """Added to each append for now."""
        self.lose_next: str = ""
        """What is to go wrong with the next append: `lost` or `never`."""
        self.settled: deque[tuple[Done, Sent | SendError]] = deque()
        self.appended_late = 0
        """Records of a dead or paused sender that came all the same."""
        self._broker = broker
        self._node = node
        self._woken = woken
        self._chance: Random = node.chance
        self._queues: dict[TopicPartition, deque[_Outgoing]] = {}
        self._free_at_ms: dict[TopicPartition, int] = {}
        self._acks_at_ms: dict[TopicPartition, int] = {}
        self._acks_out = 0
        self._late_until_ms = 0

    def send(self, tp: TopicPartition, value: bytes, done: Done, key: bytes | None = None) -> None:
        del key
        self._node.reach("send")
        now_ms = self._broker.scheduler.now_ms
        outgoing = _Outgoing(tp, value, done, now_ms)
        if self.lose_next:
            outgoing.gone_wrong, self.lose_next = self.lose_next, ""
        self._queues.setdefault(tp, deque()).append(outgoing)
        at_ms = max(self._free_at_ms.get(tp, 0), now_ms + self._delay_ms(_APPEND_MS) + self.slow_ms)
        self._free_at_ms[tp] = at_ms
        self._broker.scheduler.at(at_ms, self._arrive, tp)

    def serve(self, timeout_s: float = 0.0) -> None:
        self._node.reach("serve")
        if timeout_s and not self.settled:
            until_ms = self._broker.scheduler.now_ms + int(timeout_s * 1000)
            self._broker.scheduler.run_until(until_ms, lambda: bool(self.settled))
            if not self._node.alive:
                raise CrashedError
        while self.settled:
            done, outcome = self.settled.popleft()
            done(outcome)

    def flush(self, timeout_s: float) -> int:
        until_ms = self._broker.scheduler.now_ms + int(timeout_s * 1000)
        while (left := self.unsettled) and self._broker.scheduler.now_ms < until_ms:
            self.serve(timeout_s=0.05)
        return left

    @property
    def unsettled(self) -> int:
        return sum(map(len, self._queues.values())) + len(self.settled) + self._acks_out

    def drop(self) -> None:
        """Die: of what was on the way to a partition, the first few may still come, even late."""
        late_ms = self._chance.choice((0, 0, 1_000, 6_000))
        self._late_until_ms = self._broker.scheduler.now_ms + late_ms
        for queue in self._queues.values():
            kept = self._chance.randrange(len(queue) + 1)
            while len(queue) > kept:
                queue.pop()
            self.appended_late += len(queue)

    def _arrive(self, tp: TopicPartition) -> None:
        queue, scheduler = self._queues[tp], self._broker.scheduler
        if not queue:
            return
        if self._node.paused and self._node.alive and self._chance.random() < 0.7:
            # Not on the wire yet: it goes when the process does.
            self.appended_late += 1
            self._node.when_free(lambda: scheduler.after(1, self._arrive, tp))
            return
        wait_ms = max(self._broker.log(tp).stalled_until_ms, self._late_until_ms)
        if wait_ms > scheduler.now_ms:
            scheduler.at(wait_ms, self._arrive, tp)
            return
        outgoing = queue.popleft()
        outcome: Sent | SendError = SendError(*tp, "no acknowledgement came in time")
        ack_at_ms = outgoing.sent_at_ms + ACK_DEADLINE_MS
        late = scheduler.now_ms >= ack_at_ms and self._node.alive
        if not late and outgoing.gone_wrong != "never":
            record = self._broker.append(tp, outgoing.value)
            if not outgoing.gone_wrong:
                outcome = Sent(*tp, record.offset, record.appended_at_ms)
                ack_at_ms = scheduler.now_ms + self._delay_ms(_ACK_MS)
        self._acks_out += 1
        ack_at_ms = self._acks_at_ms[tp] = max(ack_at_ms, self._acks_at_ms.get(tp, 0))
        scheduler.at(ack_at_ms, partial(self._acknowledge, outgoing.done, outcome))

    def _acknowledge(self, done: Done, outcome: Sent | SendError) -> None:
        self._acks_out -= 1
        self.settled.append((done, outcome))
        self._woken(self._broker.scheduler.now_ms)

    def _delay_ms(self, mean_ms: int) -> int:
        """Mostly short, now and then long."""
        drawn = self._chance.random()
        return int(mean_ms * 2 * drawn) if drawn < 0.97 else int(mean_ms * 20 * drawn)

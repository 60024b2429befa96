"""The loop of a decider: poll, route, decide, send, one thread, no timer on the path."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol

from services.runtime.clock import Clock
from services.runtime.errors import PoisonError, PromiseBrokenError
from services.runtime.fenced_log.core import (
    EVERY_PARTITION,
    Batch,
    Codec,
    Core,
    Entry,
    Inputs,
    Item,
    Moment,
)
from services.runtime.fenced_log.header import Failure, Position
from services.runtime.fenced_log.partition import OWNER_BYTES, Partition, Reading, Role
from services.runtime.fenced_log.reader import FencedReader
from services.runtime.fenced_log.turn import Items, Pending, Turn
from services.runtime.fenced_log.watch import ANSWER_WITHIN_MS, OWNER_SILENCE_MS, Watch
from services.runtime.ids import Ids
from services.runtime.log_port import START, Arrived, LogReader, LogWriter, TopicPartition

FRESH_MS = 5_000
BEHIND_MS = 1_000
QUEUED_MAX = 20_000
"""Items that may wait in this process before its inputs are paused."""
IDLE_POLL_S = 0.02


class Observer(Protocol):
    """Told what the decider does, for metrics and logs; never decides anything."""

    def owned(self, partition: int, *, owned: bool, epoch: int) -> None:
        """A partition was taken or lost."""

    def wrote(self, partition: int, entries: Sequence[Any], queued: int, waited_ms: int) -> None:
        """A record was sent, for inputs of which the oldest waited so long."""

    def set_aside(self, failure: Failure, pending: Pending[Any]) -> None:
        """An input was set aside; it belongs to the dead letters, under a ceiling."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which partitions of which log a slot works on, and with whom."""

    log: str
    partitions: int
    slot: str
    slot_index: int
    slots: int
    owner_silence_ms: int = OWNER_SILENCE_MS

    def prefers(self, partition: int) -> bool:
        """Tell whether an ownerless partition is this slot's to take at once."""
        return partition % self.slots == self.slot_index


@dataclass(frozen=True, slots=True)
class World:
    """Everything outside that a decider touches."""

    reader: LogReader
    writer: LogWriter
    clock: Clock
    ids: Ids
    observer: Observer
    on_live: Callable[[Arrived], None] | None = None
    """Takes the records of live topics."""


class Decider(Generic[Item, Entry]):
    """Follows every partition of its log and decides in those it owns."""

    def __init__(
        self,
        place: Place,
        inputs: Inputs,
        new_core: Callable[[int], Core[Item, Entry]],
        codec: Codec[Item, Entry],
        world: World,
    ) -> None:
        self._place = place
        self._inputs = inputs
        self._new_core = new_core
        self._codec = codec
        self._reader = world.reader
        self._writer = world.writer
        self._clock = world.clock
        self._ids = world.ids
        self._observer = world.observer
        self._on_live = world.on_live
        self._spread: dict[TopicPartition, FencedReader] = {}
        self._spread_ms: dict[TopicPartition, int] = {}
        self._paused = False
        self._sought: set[TopicPartition] = set()
        self._starts: dict[TopicPartition, int] = {}
        self.partitions = [self._new_partition(n) for n in range(place.partitions)]
        self.turns: dict[int, Turn[Item, Entry]] = {}
        for partition in self.partitions:
            self._starts[partition.tp] = START
        for topic in (*inputs.orders, *inputs.live):
            self._starts[(topic, 0)] = START
        self._reader.assign(self._starts)

    def turn(self) -> None:
        """Do one round: read what arrived, then let each partition act."""
        busy = any(t.queued and t.partition.may_write for t in self.turns.values())
        self._sought.clear()
        for arrived in self._reader.poll(0.0 if busy else IDLE_POLL_S):
            if (arrived.topic, arrived.partition) not in self._sought:
                self._take(arrived)
        self._writer.serve()
        reading = self._reading()
        for partition in self.partitions:
            self._act(partition, reading)
        self._writer.serve()
        self._press_back()

    @property
    def waiting_for(self) -> str:
        """Say what keeps this slot from being ready; empty when nothing does."""
        idle = [p.number for p in self.partitions if self._place.prefers(p.number) and not p.epoch]
        if idle:
            return f"partitions without an owner: {idle}"
        stale = [topic for topic in self._live_topics() if not self._fresh(topic)]
        return f"not fresh: {stale}" if stale else ""

    def _new_partition(self, number: int) -> Partition[Item, Entry]:
        place = self._place
        watch = Watch(
            place.slot,
            preferred=place.prefers(number),
            owner_silence_ms=place.owner_silence_ms,
        )
        core = self._new_core(number)
        return Partition((place.log, number), place.slot, core, self._codec, watch)

    def _reading(self) -> Reading:
        return Reading(self._clock.monotonic_ms(), self._clock.wall_ms())

    # --- reading ---------------------------------------------------------------------------------

    def _take(self, arrived: Arrived) -> None:
        if arrived.topic == self._place.log:
            self._take_own(arrived)
        elif arrived.topic in self._inputs.live:
            if self._on_live is not None:
                self._on_live(arrived)
        elif arrived.topic == self._inputs.spread:
            self._take_spread(arrived)
        else:
            self._take_input(arrived)

    def _take_own(self, arrived: Arrived) -> None:
        partition = self.partitions[arrived.partition]
        before = partition.role
        after = partition.read(arrived, self._reading())
        if after is Role.OWNING and before is not Role.OWNING:
            self._begin(partition)
        elif before is Role.OWNING and after is not Role.OWNING:
            self._lose(partition)

    def _begin(self, partition: Partition[Item, Entry]) -> None:
        """Read the inputs from this partition's positions on."""
        turn = Turn(partition, self._codec, self._inputs, self._clock)
        self.turns[partition.number] = turn
        paced = (self._inputs.paced, partition.number)
        self._starts[paced] = partition.positions.get(paced, Position(0)).offset or START
        for topic in self._inputs.orders:
            self._rewind((topic, 0), partition)
        if self._inputs.spread is not None:
            for number in range(self._place.partitions):
                self._rewind((self._inputs.spread, number), partition)
        self._reader.assign(self._starts)
        self._observer.owned(partition.number, owned=True, epoch=partition.epoch)

    def _rewind(self, tp: TopicPartition, partition: Partition[Item, Entry]) -> None:
        """Read a shared input from the lowest position of all owned partitions on."""
        position = partition.positions.get(tp, Position(0))
        offset = position.offset or START
        if tp[0] == self._inputs.spread:
            self._spread[tp] = FencedReader(f"{tp[0]}/{tp[1]}", position.point)
            self._spread_ms[tp] = 0
        for turn in self.turns.values():
            other = turn.partition.positions.get(tp, Position(0))
            turn.forget(tp)
            if other.offset < position.offset:
                position = other
                offset = other.offset or START
                if tp in self._spread:
                    self._spread[tp].point = other.point
        if tp in self._starts:
            self._seek(tp, offset)
        self._starts[tp] = offset

    def _lose(self, partition: Partition[Item, Entry]) -> None:
        """Forget a state that ran ahead of the log, and follow again from its start."""
        number = partition.number
        del self.turns[number]
        self._starts.pop((self._inputs.paced, number), None)
        self._reader.assign(self._starts)
        self.partitions[number] = self._new_partition(number)
        self._seek(partition.tp, START)
        self._observer.owned(number, owned=False, epoch=partition.epoch)

    def _seek(self, tp: TopicPartition, offset: int) -> None:
        """Read on from elsewhere; what this poll still holds of the partition is void."""
        self._reader.seek(tp, offset)
        self._sought.add(tp)

    def _take_input(self, arrived: Arrived) -> None:
        pending = self._pending(arrived)
        if arrived.topic == self._inputs.paced:
            turn = self.turns.get(arrived.partition)
            if turn is not None:
                turn.put(pending(arrived.partition))
            return
        for number, turn in self.turns.items():
            turn.put(pending(number))

    def _take_spread(self, arrived: Arrived) -> None:
        tp = (arrived.topic, arrived.partition)
        batch = self._fenced_batch(arrived)
        header = batch.header
        if header is None:
            raise PromiseBrokenError(f"{tp[0]}/{tp[1]}: a record without header")
        reader = self._spread[tp]
        before = reader.point
        counts = reader.accept(header).counts
        for number, turn in self.turns.items():
            items = _addressed(batch, number) if counts else []
            turn.put(
                Pending(
                    tp, arrived.offset, arrived.appended_at_ms, items, reader.point, before=before
                )
            )
        self._spread_ms[tp] = arrived.appended_at_ms

    def _fenced_batch(self, arrived: Arrived) -> Batch[Item]:
        try:
            return self._codec.batch(arrived)
        except PoisonError as error:
            raise PromiseBrokenError(
                f"{arrived.topic}/{arrived.partition}: offset {arrived.offset} of a fenced log "
                f"cannot be read: {error}"
            ) from error

    def _pending(self, arrived: Arrived) -> Callable[[int], Pending[Item]]:
        """Decode once, address per partition; what cannot be read is one poisoned item."""
        tp = (arrived.topic, arrived.partition)
        try:
            batch = self._codec.batch(arrived)
        except PoisonError as error:
            poison = error
            return lambda _: Pending(tp, arrived.offset, arrived.appended_at_ms, [(0, poison)])
        return lambda number: Pending(
            tp, arrived.offset, arrived.appended_at_ms, _addressed(batch, number)
        )

    # --- acting ----------------------------------------------------------------------------------

    def _act(self, partition: Partition[Item, Entry], reading: Reading) -> None:
        def send(value: bytes, done: Callable[..., None]) -> None:
            self._writer.send(partition.tp, value, done)

        if partition.role is not Role.OWNING:
            at_end = self._reader.at_end(partition.tp, ANSWER_WITHIN_MS)
            partition.seek_ownership(
                reading, lambda: self._ids.draw(OWNER_BYTES), send, at_end=at_end
            )
            return
        partition.check_sending(reading.mono_ms)
        turn = self.turns[partition.number]
        if not partition.may_write:
            return
        moment = self._moment(turn, reading)
        if moment is None:
            return
        entries, waited_ms = turn.run(moment, reading, send)
        self._observer.wrote(partition.number, entries, turn.queued, waited_ms)
        for failure, pending in turn.set_aside:
            self._observer.set_aside(failure, pending)
        turn.set_aside.clear()

    def _moment(self, turn: Turn[Item, Entry], reading: Reading) -> Moment | None:
        partition = turn.partition
        paced = (self._inputs.paced, partition.number)
        ends = self._reader.ends()
        if paced not in ends or partition.tp not in ends:
            return None  # nothing is known of the leaders yet
        answered_ms = min(ends[paced].asked_at_ms, ends[partition.tp].asked_at_ms)
        written_ms = max(partition.log_time_ms, partition.time.now_ms(reading.mono_ms, answered_ms))
        position = partition.positions.get(paced, Position(0))
        read_to_ms = (
            partition.time.at_ms(ends[paced].asked_at_ms)
            if position.offset >= ends[paced].offset
            else 0
        )
        behind = self._behind(turn, paced, written_ms)
        now_ms = (turn.last_paced_ms() or partition.log_time_ms) if behind else written_ms
        return Moment(
            now_ms=min(now_ms, written_ms),
            written_at_ms=written_ms,
            fresh=all(self._fresh(topic) for topic in self._live_topics()),
            behind=behind,
            paced_read_to_ms=read_to_ms,
            spread_read_to_ms=(
                min(self._spread_ms.values(), default=0) if turn.spread_is_decided() else 0
            ),
        )

    def _behind(self, turn: Turn[Item, Entry], paced: TopicPartition, now_ms: int) -> bool:
        """Rule 2.2: some of the paced input is unread, and what was judged last is old."""
        next_ms = turn.next_paced_ms()
        if next_ms is not None:
            return now_ms - next_ms > BEHIND_MS
        if self._reader.at_end(paced, BEHIND_MS):
            return False
        return now_ms - turn.last_paced_ms() > BEHIND_MS

    def _live_topics(self) -> tuple[str, ...]:
        return (*self._inputs.orders, *self._inputs.live)

    def _fresh(self, topic: str) -> bool:
        return self._reader.at_end((topic, 0), FRESH_MS)

    def _press_back(self) -> None:
        """Pause the inputs while too much of them waits here."""
        queued = sum(turn.queued for turn in self.turns.values())
        inputs = [tp for tp in self._starts if tp[0] in (self._inputs.paced, self._inputs.spread)]
        if not self._paused and queued > QUEUED_MAX:
            self._reader.pause(inputs)
            self._paused = True
        elif self._paused and queued < QUEUED_MAX // 4:
            self._reader.resume(inputs)
            self._paused = False


def _addressed(batch: Batch[Item], number: int) -> Items[Item]:
    return [
        (index, item)
        for index, (partition, item) in enumerate(batch.items)
        if partition in (number, EVERY_PARTITION)
    ]

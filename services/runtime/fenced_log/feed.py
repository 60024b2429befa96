"""What reaches the owned partitions: each input read from the lowest position that needs it."""

from collections.abc import Callable
from typing import Generic

from services.runtime.errors import PoisonError, PromiseBrokenError
from services.runtime.fenced_log.core import EVERY_PARTITION, Batch, Codec, Entry, Inputs, Item
from services.runtime.fenced_log.header import Position
from services.runtime.fenced_log.partition import Partition
from services.runtime.fenced_log.reader import FencedReader
from services.runtime.fenced_log.turn import Items, Pending, Turn
from services.runtime.fenced_log.world import Place
from services.runtime.log_port import START, Arrived, LogReader, TopicPartition

RESUME_SHARE = 0.75
"""Inputs are resumed with work left for half a second: librdkafka is slow to fetch again."""


class Feed(Generic[Item, Entry]):
    """Reads and addresses the inputs of all owned partitions.

    A shared input (orders, spread) is read once for all, from the lowest of their positions;
    each skips what lies below its own.
    """

    def __init__(
        self,
        inputs: Inputs,
        place: Place,
        codec: Codec[Item, Entry],
        reader: LogReader,
    ) -> None:
        """Read the own log and the orders from the start.

        Args:
            inputs: Topics to read.
            place: The own log; as many partitions as it have the paced and the spread input.
            codec: Decodes inputs.
            reader: Reads them.
        """
        self.turns: dict[int, Turn[Item, Entry]] = {}
        self._inputs = inputs
        self._partitions = place.partitions
        self._queued_max = place.queued_max
        self._codec = codec
        self._reader = reader
        self._spread: dict[TopicPartition, FencedReader] = {}
        self._spread_ms: dict[TopicPartition, int] = {}
        self._spread_topics = (inputs.spread,) if inputs.spread else ()
        self._other_topics = (inputs.paced, *inputs.orders)
        self._paused: set[tuple[str, ...]] = set()
        self._sought: set[TopicPartition] = set()
        self._starts: dict[TopicPartition, int] = {
            (place.log, number): START for number in range(place.partitions)
        }
        self._starts |= {(topic, 0): START for topic in (*inputs.orders, *inputs.live)}
        self._reader.assign(self._starts)

    def poll(self, timeout_s: float) -> list[Arrived]:
        """Return what arrived, of all topics."""
        self._sought.clear()
        return self._reader.poll(timeout_s)

    def is_void(self, arrived: Arrived) -> bool:
        """Tell whether a record of this poll was overtaken by a seek."""
        return (arrived.topic, arrived.partition) in self._sought

    def begin(self, partition: Partition[Item, Entry], turn: Turn[Item, Entry]) -> None:
        """Read the inputs from a partition's positions on."""
        self._relieve()
        self.turns[partition.number] = turn
        paced = (self._inputs.paced, partition.number)
        self._starts[paced] = partition.decided.positions.get(paced, Position(0)).offset or START
        for topic in self._inputs.orders:
            self._rewind((topic, 0), partition)
        if self._inputs.spread is not None:
            for number in range(self._partitions):
                self._rewind((self._inputs.spread, number), partition)
        self._reader.assign(self._starts)

    def lose(self, partition: Partition[Item, Entry]) -> None:
        """Stop feeding a partition."""
        self._relieve()
        del self.turns[partition.number]
        self._starts.pop((self._inputs.paced, partition.number), None)
        self._reader.assign(self._starts)

    def take(self, arrived: Arrived) -> None:
        """Queue an input record where it belongs."""
        if arrived.topic == self._inputs.spread:
            self._take_spread(arrived)
        else:
            self._take_input(arrived)

    def spread_read_to_ms(self, turn: Turn[Item, Entry]) -> int:
        """Return the append time up to which a partition has decided every spread partition."""
        return min(self._spread_ms.values(), default=0) if turn.spread_is_decided() else 0

    def press_back(self) -> None:
        """Pause inputs while too much of them waits here.

        The spread input apart: what frees room for it comes by the others.
        """
        queued = sum(turn.queued for turn in self.turns.values())
        spread = sum(turn.queued_spread for turn in self.turns.values())
        self._press(self._spread_topics, spread)
        self._press(self._other_topics, queued - spread)

    def _press(self, topics: tuple[str, ...], queued: int) -> None:
        if topics not in self._paused and queued > self._queued_max:
            self._reader.pause(self._read_of(topics))
            self._paused.add(topics)
        elif topics in self._paused and queued < RESUME_SHARE * self._queued_max:
            self._reader.resume(self._read_of(topics))
            self._paused.remove(topics)

    def _relieve(self) -> None:
        """Resume what was paused before the inputs change, so that none stays paused."""
        for topics in self._paused:
            self._reader.resume(self._read_of(topics))
        self._paused.clear()

    def _read_of(self, topics: tuple[str, ...]) -> list[TopicPartition]:
        return [tp for tp in self._starts if tp[0] in topics]

    def _rewind(self, tp: TopicPartition, partition: Partition[Item, Entry]) -> None:
        """Read a shared input from the lowest position of all owned partitions on."""
        position = partition.decided.positions.get(tp, Position(0))
        offset = position.offset or START
        if tp[0] == self._inputs.spread:
            self._spread[tp] = FencedReader(f"{tp[0]}/{tp[1]}", position.point)
            self._spread_ms[tp] = 0
        for turn in self.turns.values():
            other = turn.partition.decided.positions.get(tp, Position(0))
            turn.forget(tp)
            if other.offset < position.offset:
                position = other
                offset = other.offset or START
                if tp in self._spread:
                    self._spread[tp].point = other.point
        if tp in self._starts:
            self.seek(tp, offset)
        self._starts[tp] = offset

    def seek(self, tp: TopicPartition, offset: int) -> None:
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
            if not items and turn.pass_over(tp, arrived.offset, reader.point):
                continue
            turn.put(
                Pending(
                    tp, arrived.offset, arrived.appended_at_ms, items, reader.point, before=before
                )
            )
        if counts:
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


def _addressed(batch: Batch[Item], number: int) -> Items[Item]:
    return [
        (index, item)
        for index, (partition, item) in enumerate(batch.items)
        if partition in (number, EVERY_PARTITION)
    ]

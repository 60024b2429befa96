"""One turn of an owned partition: take inputs, decide, write one record (rules 1.1, 1.7, 1.9)."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic

from services.runtime.clock import Clock
from services.runtime.errors import HeldBackError, PoisonError, PromiseBrokenError
from services.runtime.fenced_log.core import Codec, Entry, Inputs, Item, Moment
from services.runtime.fenced_log.header import Failure, FencePoint, Position
from services.runtime.fenced_log.partition import Partition
from services.runtime.fenced_log.role import Reading, Send
from services.runtime.log_port import TopicPartition

ENTRIES_MAX = 500
BYTES_MAX = 256_000
TURN_MS = 100
ATTEMPTS_MAX = 3
SKIPPED = "Skipped"
"""Reason of what was set aside because somebody asked for it."""
_ROOM_ENTRIES = 40
"""Entries that one decision may need at most."""
_FAILURE_WEIGHT = 160
"""Upper bound of the bytes of a noted failure."""
_CLOCK_EVERY = 16


class OversizeError(Exception):
    """One input gave more entries than a decision may (rule 1.7): it must be marked instead."""


Items = Sequence[tuple[int, Item]] | Sequence[tuple[int, PoisonError]]


@dataclass(slots=True)
class Pending(Generic[Item]):
    """An input record whose items wait to be decided."""

    tp: TopicPartition
    offset: int
    appended_at_ms: int
    items: Items[Item]
    """Index in the record, and the item or why it cannot be understood."""
    point: FencePoint | None = None
    """For a fenced input: this record's place."""
    before: FencePoint | None = None
    """For a fenced input: the accepted record before it."""
    done: int = 0
    """Items decided so far."""

    def position(self) -> Position:
        """Return the next thing to decide."""
        if self.done >= len(self.items):
            return Position(self.offset + 1, 0, self.point)
        return Position(self.offset, self.items[self.done][0], self.before)


@dataclass(slots=True)
class _Draft(Generic[Entry]):
    """What the next record will hold."""

    entries: list[Entry] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    weight: int = 0
    decided: int = 0
    oldest_ms: int = 0
    """Append time of the oldest input in it."""


class Turn(Generic[Item, Entry]):
    """Queues of one owned partition, and the judgement of their items.

    A backlog never silences other partitions: a turn ends after 100 ms, 500 entries or 256 kB.
    """

    def __init__(
        self,
        partition: Partition[Item, Entry],
        codec: Codec[Item, Entry],
        inputs: Inputs,
        clock: Clock,
        set_aside: Callable[[Failure, Pending[Item]], None],
    ) -> None:
        """Begin with empty queues.

        Args:
            partition: An owned partition.
            codec: Weighs entries.
            inputs: Topics that are queued here.
            clock: Ends turns that take too long.
            set_aside: Keeps an input that is given up for good, before its failure is written:
                told in this order, no death in between leaves it known to nobody (rule 1.9).
        """
        self.partition = partition
        self.queued = 0
        """Items that wait here."""
        self.queued_spread = 0
        """Those of the spread input among them."""
        self.unfinished = True
        """Whether the last turn ended before it had looked at everything."""
        self._set_aside = set_aside
        self._codec = codec
        self._inputs = inputs
        self._clock = clock
        topics = (*inputs.orders, inputs.paced, *([inputs.spread] if inputs.spread else ()))
        self._queues: dict[str, deque[Pending[Item]]] = {topic: deque() for topic in topics}
        self._paced_ms = 0
        self._judged_ms = 0
        self._began_ms = partition.log_time_ms

    def put(self, pending: Pending[Item]) -> None:
        """Queue an input record; what lies below the partition's own position is skipped."""
        position = self.partition.decided.positions.get(pending.tp, Position(0))
        if pending.offset < position.offset:
            return
        if pending.offset == position.offset and position.index:
            items = pending.items
            pending.done = sum(1 for index, _ in items if index < position.index)
        self._queues[pending.tp[0]].append(pending)
        self._count(pending.tp, len(pending.items) - pending.done)

    def pass_over(self, tp: TopicPartition, offset: int, point: FencePoint | None) -> bool:
        """Step over a record of the spread input that holds nothing for this partition.

        Returns:
            False when others wait before it: then it takes its turn.
        """
        if self._queues[tp[0]]:
            return False
        if offset >= self.partition.decided.positions.get(tp, Position(0)).offset:
            self.partition.decided.pass_over(tp, Position(offset + 1, 0, point))
        return True

    def forget(self, tp: TopicPartition) -> None:
        """Drop what is queued of an input that will be read again from the position on."""
        queue = self._queues[tp[0]]
        kept = [pending for pending in queue if pending.tp != tp]
        self._count(tp, -sum(len(p.items) - p.done for p in queue if p.tp == tp))
        queue.clear()
        queue.extend(kept)

    def _count(self, tp: TopicPartition, items: int) -> None:
        self.queued += items
        if tp[0] == self._inputs.spread:
            self.queued_spread += items

    def spread_is_decided(self) -> bool:
        """Tell whether nothing of the spread input waits here."""
        return not (self._inputs.spread and self._queues[self._inputs.spread])

    def last_paced_ms(self) -> int:
        """Return the append time of the paced input judged last; 0 when none was yet."""
        return self._paced_ms

    def time_behind_ms(self) -> int:
        """Return the time by which is judged while the paced input is behind.

        Once something was judged, it does not fall. Before, it is the append time of the next
        paced input, or while that is not read yet, the time of the takeover.
        """
        return self._judged_ms or self.next_paced_ms() or self._began_ms

    def next_paced_ms(self) -> int | None:
        """Return the append time of the next paced input; None when none is queued."""
        queue = self._queues[self._inputs.paced]
        return queue[0].appended_at_ms if queue else None

    def waited_ms(self, now_ms: int) -> int:
        """Return how long the oldest paced or spread input here has waited; 0 when none does."""
        queues = (self._queues[self._inputs.paced], self._queues.get(self._inputs.spread or ""))
        age_ms = self.partition.time.age_ms
        return max((age_ms(now_ms, q[0].appended_at_ms) for q in queues if q), default=0)

    def run(self, moment: Moment, reading: Reading, send: Send) -> tuple[Sequence[Entry], int]:
        """Decide what is queued and due, and append it.

        Returns:
            What was written, and how long the oldest input of it had waited, in milliseconds.
        """
        draft: _Draft[Entry] = _Draft()
        until_ms = reading.mono_ms + TURN_MS
        if not moment.behind:
            self._judged_ms = max(self._judged_ms, moment.now_ms)
        for topic, queue in self._queues.items():
            self._drain(topic, queue, draft, moment, until_ms)
        # Behind, nothing is due before the first paced input is judged: the time of the takeover
        # is that of heartbeats, which a former owner that was behind too wrote later.
        if self._judged_ms:
            self._take_due(draft, moment, until_ms)
        self.partition.write(
            draft.entries, tuple(draft.failures), moment.written_at_ms, reading, send
        )
        waited_ms = moment.written_at_ms - draft.oldest_ms if draft.oldest_ms else 0
        return draft.entries, max(0, waited_ms)

    def _drain(
        self,
        topic: str,
        queue: deque[Pending[Item]],
        draft: _Draft[Entry],
        moment: Moment,
        until_ms: int,
    ) -> None:
        core = self.partition.core
        while queue and self._has_room(draft, until_ms):
            pending = queue[0]
            judged = self._judged(topic, pending, moment)
            if not core.admits(topic, judged):
                return
            if pending.done < len(pending.items) and not self._decide(pending, draft, judged):
                return
            if pending.done >= len(pending.items):
                queue.popleft()
                self._pass(pending)
            else:
                self.partition.decided.advance(pending.tp, pending.position())

    def _judged(self, topic: str, pending: Pending[Item], moment: Moment) -> Moment:
        """Return the moment by which an item is judged: while behind, its own append time."""
        if not moment.behind or topic != self._inputs.paced:
            return moment
        now_ms = max(self._judged_ms, pending.appended_at_ms)
        return replace(moment, now_ms=min(now_ms, moment.written_at_ms))

    def _decide(self, pending: Pending[Item], draft: _Draft[Entry], moment: Moment) -> bool:
        """Decide one item; return False when the turn must end with its failure."""
        index, item = pending.items[pending.done]
        draft.decided += 1
        draft.oldest_ms = min(draft.oldest_ms or pending.appended_at_ms, pending.appended_at_ms)
        if isinstance(item, PoisonError):
            self._stop_at_order(pending, str(item))
            return self._fail(pending, index, draft, "PoisonError", ATTEMPTS_MAX)
        if self.partition.requests.any_skip and self._is_skipped(pending, index):
            return self._fail(pending, index, draft, SKIPPED, ATTEMPTS_MAX)
        try:
            entries = _bounded(self.partition.core.decide(item, moment))
        except PromiseBrokenError:
            raise
        except Exception as error:  # noqa: BLE001 (rule 1.9: one input must not stop a partition)
            key = (*pending.tp, pending.offset, index)
            before = self.partition.decided.failures.get(key)
            attempt = before.attempt + 1 if before else 1
            return self._fail(pending, index, draft, type(error).__name__, attempt)
        self._add(draft, entries, moment)
        pending.done += 1
        self._count(pending.tp, -1)
        return True

    def _is_skipped(self, pending: Pending[Item], index: int) -> bool:
        """Tell whether somebody asked to set an input aside. Orders are never: see `_fail`."""
        now_ms = self.partition.time.stamp_ms(self._clock.monotonic_ms())
        key = (*pending.tp, pending.offset, index)
        is_order = pending.tp[0] in self._inputs.orders
        return not is_order and self.partition.requests.skips(key, now_ms)

    def _stop_at_order(self, pending: Pending[Item], why: str) -> None:
        if pending.tp[0] in self._inputs.orders:
            raise PromiseBrokenError(
                f"{pending.tp[0]}/{pending.tp[1]}: the order at offset {pending.offset} cannot be "
                f"followed ({why}): to go on without it could mean calls outside the rules"
            )

    def _fail(
        self, pending: Pending[Item], index: int, draft: _Draft[Entry], reason: str, attempt: int
    ) -> bool:
        self._stop_at_order(pending, reason)
        final = attempt >= ATTEMPTS_MAX
        failure = Failure(*pending.tp, pending.offset, index, attempt, final, reason)
        if final:
            try:
                self._set_aside(failure, pending)
            except HeldBackError:
                return False  # it waits, and what lies behind it; nothing else does
            pending.done += 1
            self._count(pending.tp, -1)
        draft.failures.append(failure)
        draft.weight += _FAILURE_WEIGHT
        return final

    def _take_due(self, draft: _Draft[Entry], moment: Moment, until_ms: int) -> None:
        core = self.partition.core
        self.unfinished = True
        while self._has_room(draft, until_ms):
            entries = _bounded(core.due(moment))
            if not entries:
                self.unfinished = False
                return
            self._add(draft, entries, moment)
            draft.decided += 1

    def _add(self, draft: _Draft[Entry], entries: Sequence[Entry], moment: Moment) -> None:
        if not entries:
            return
        self.partition.core.evolve(entries, moment.written_at_ms)
        draft.entries.extend(entries)
        draft.weight += sum(map(self._codec.weight, entries))

    def _has_room(self, draft: _Draft[Entry], until_ms: int) -> bool:
        if len(draft.entries) > ENTRIES_MAX - _ROOM_ENTRIES or draft.weight > BYTES_MAX // 2:
            return False
        return draft.decided % _CLOCK_EVERY != 0 or self._clock.monotonic_ms() < until_ms

    def _pass(self, pending: Pending[Item]) -> None:
        self.partition.decided.advance(pending.tp, pending.position())
        if pending.tp[0] == self._inputs.paced:
            self._paced_ms = pending.appended_at_ms
            self._judged_ms = max(self._judged_ms, pending.appended_at_ms)


def _bounded(entries: Sequence[Entry]) -> Sequence[Entry]:
    if len(entries) > _ROOM_ENTRIES:
        raise OversizeError(f"{len(entries)} entries in one decision")
    return entries

"""The loop of a decider: poll, route, decide, send, one thread, no timer on the path."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic

from services.runtime.errors import PoisonError, PromiseBrokenError
from services.runtime.fenced_log.core import (
    Codec,
    Core,
    Entry,
    Inputs,
    Item,
    Moment,
    StateCodec,
)
from services.runtime.fenced_log.feed import Feed
from services.runtime.fenced_log.freshness import Freshness
from services.runtime.fenced_log.hand_over import HandingOver
from services.runtime.fenced_log.header import Position
from services.runtime.fenced_log.loading import Loading
from services.runtime.fenced_log.partition import OWNER_BYTES, Partition
from services.runtime.fenced_log.pressure import BackPressure
from services.runtime.fenced_log.question import Question
from services.runtime.fenced_log.role import Reading, Role, Send
from services.runtime.fenced_log.snapshot import SnapshotTaker
from services.runtime.fenced_log.turn import Turn
from services.runtime.fenced_log.watch import ANSWER_WITHIN_MS, Watch
from services.runtime.fenced_log.world import Place, World
from services.runtime.log_port import Arrived, End, SendError, Sent, TopicPartition

BEHIND_MS = 1_000
IDLE_POLL_S = 0.05
ACK_WAIT_S = 0.002
"""How long an acknowledgement that inputs wait for keeps this loop from looking at records."""
SWEEP_MS = 100
"""How often time is looked at in partitions that nothing arrives for."""


class Decider(Generic[Item, Entry]):
    """Follows every partition of its log and decides in those it owns."""

    def __init__(
        self,
        place: Place,
        inputs: Inputs,
        new_core: Callable[[int], Core[Item, Entry]],
        codec: Codec[Item, Entry],
        state: StateCodec[Any],
        world: World,
    ) -> None:
        self._place = place
        self._inputs = inputs
        self._new_core = new_core
        self._codec = codec
        self._state = state
        self._reader = world.reader
        self._writer = world.writer
        self._clock = world.clock
        self._ids = world.ids
        self._observer = world.observer
        self._on_live = world.on_live
        self.question: Question | None = None
        """What another thread wants to know of the owned partitions."""
        self._feed: Feed[Item, Entry] = Feed(inputs, place, codec, world.reader)
        self._taker = SnapshotTaker(state, place.snapshot_every)
        self._handing_over = HandingOver(place)
        self._loading = Loading(self._feed.seek, 2 * place.snapshot_every)
        self._loading.begin((place.log, number) for number in range(place.partitions))
        self._swept_ms = -SWEEP_MS
        self._freshness = Freshness(world.reader, world.clock, (*inputs.orders, *inputs.live))
        self._pressure = BackPressure(place, inputs.spread, world.writer, self._draw)
        self._freed = False
        """Whether an acknowledgement came that inputs wait for and nobody acted on."""
        self._ends: Mapping[TopicPartition, End] = {}
        self.partitions = [self._new_partition(n) for n in range(place.partitions)]

    @property
    def turns(self) -> dict[int, Turn[Item, Entry]]:
        """Queues of the owned partitions, by number."""
        return self._feed.turns

    def turn(self) -> None:
        """Do one round: read what arrived, then let each partition act."""
        arrived = self._feed.poll(self._patience_s())
        for record in arrived:
            if not self._feed.is_void(record):
                self._take(record)
        if self._loading.is_looking:
            self._load()
        self._writer.serve()
        self._part_with_what_was_given()
        if (question := self.question) is not None:
            question.put([turn.partition for turn in self.turns.values()], self._clock)
        reading = self._reading()
        concerned = self._concerned(arrived, reading.mono_ms)
        if concerned:
            self._ends = self._reader.ends()
            self._freshness.look(self._ends)
        for partition in concerned:
            self._act(partition, reading)
        blocked = self._blocked()
        self._writer.serve()
        self._freed = self._blocked() < blocked
        self._feed.press_back()

    def _patience_s(self) -> float:
        """Return how long to wait for records; first wait for an acknowledgement if inputs do.

        It ends no wait for records, and they gather meanwhile.
        """
        if not self._freed:
            if not self._blocked():
                return IDLE_POLL_S
            self._writer.serve(ACK_WAIT_S)
        return 0.0

    def _blocked(self) -> int:
        """Count the partitions whose inputs wait for an acknowledgement."""
        return sum(
            1
            for turn in self.turns.values()
            if (turn.queued or turn.unfinished) and not turn.partition.may_write
        )

    def _concerned(
        self, arrived: Sequence[Arrived], mono_ms: int
    ) -> Sequence[Partition[Item, Entry]]:
        """Return the partitions that may have something to do.

        What arrives usually concerns one partition; looking at all of them each time would cost
        more than deciding. An own record that comes back only makes way for what waits already.
        Time concerns all, every now and then.
        """
        if mono_ms - self._swept_ms >= SWEEP_MS:
            self._swept_ms = mono_ms
            return self.partitions
        turns, log = self.turns, self._place.log
        concerned = {r.partition for r in arrived if r.topic == log and r.partition not in turns}
        concerned.update(n for n, turn in turns.items() if turn.queued or turn.unfinished)
        return [self.partitions[number] for number in sorted(concerned)]

    def leave(self) -> None:
        """Give up what is owned, each partition to the first that fences it, and take nothing."""
        self._handing_over.leaving = True

    @property
    def has_left(self) -> bool:
        """Whether nobody waits for this slot's silence; `turn` until then."""
        return self._handing_over.has_left(self.partitions)

    @property
    def waiting_for(self) -> str:
        """Say what keeps this slot from being ready; empty when nothing does."""
        prefers = self._place.prefers
        if idle := [p.number for p in self.partitions if prefers(p.number) and not p.epoch]:
            return f"partitions without an owner: {idle}"
        if unread := [p.number for p in self.partitions if not p.hears]:
            return f"partitions not read to their end: {unread}"
        stale = self._freshness.stale()
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

    def _draw(self) -> bytes:
        return self._ids.draw(OWNER_BYTES)

    def _reading(self) -> Reading:
        return Reading(self._clock.monotonic_ms(), self._clock.wall_ms())

    # --- reading ---------------------------------------------------------------------------------

    def _take(self, arrived: Arrived) -> None:
        if arrived.topic == self._place.log:
            self._take_own(arrived)
        elif arrived.topic in self._inputs.live:
            if self._on_live is not None:
                self._on_live(arrived)
        else:
            self._feed.take(arrived)

    def _take_own(self, arrived: Arrived) -> None:
        try:
            self._read_own(arrived)
        except PoisonError as error:
            raise PromiseBrokenError(
                f"{arrived.topic}/{arrived.partition}: the record at offset {arrived.offset} "
                f"cannot be read ({error}): upgrade this reader, or find its writer"
            ) from error

    def _read_own(self, arrived: Arrived) -> None:
        partition = self.partitions[arrived.partition]
        if partition.tp in self._loading:
            self._loading.take(arrived, self._codec.brief)
            return
        before = partition.role
        after = partition.read(arrived, self._reading())
        if after is Role.OWNING and before is not Role.OWNING:
            self._begin(partition)
        elif before is Role.OWNING and after is not Role.OWNING and not partition.watch.is_yielded:
            self._lose(partition)

    def _load(self) -> None:
        """Begin the folds for which it is known where."""
        ends = self._reader.ends()
        for tp, snapshot in self._loading.found(ends):
            if snapshot is not None:
                partition = self.partitions[tp[1]]
                snapshot.restore(partition, self._state)
                self._observer.loaded(tp[1], snapshot.done.covered, ends[tp].offset)

    def _begin(self, partition: Partition[Item, Entry]) -> None:
        turn = Turn(partition, self._codec, self._inputs, self._clock, self._observer.set_aside)
        self._feed.begin(partition, turn)
        self._observer.owned(partition.number, owned=True, epoch=partition.epoch)

    def _lose(self, partition: Partition[Item, Entry]) -> None:
        """Forget a state that ran ahead of the log, and fold it again."""
        self._part(partition)
        self._loading.begin([partition.tp])
        self.partitions[partition.number] = self._new_partition(partition.number)

    def _part_with_what_was_given(self) -> None:
        """Follow, with the state as it is, what this slot has yielded."""
        for turn in list(self.turns.values()):
            if turn.partition.role is not Role.OWNING:
                self._part(turn.partition)

    def _part(self, partition: Partition[Item, Entry]) -> None:
        self._feed.lose(partition)
        self._taker.drop(partition.number)
        self._observer.owned(partition.number, owned=False, epoch=partition.epoch)

    # --- acting ----------------------------------------------------------------------------------

    def _act(self, partition: Partition[Item, Entry], reading: Reading) -> None:
        def send(value: bytes, done: Callable[[Sent | SendError, Reading], None]) -> None:
            self._writer.send(partition.tp, value, lambda result: done(result, self._reading()))

        if partition.tp in self._loading:
            return
        at_end = self._reader.at_end(partition.tp, ANSWER_WITHIN_MS)
        if partition.role is not Role.OWNING:
            self._follow(partition, reading, send, at_end=at_end)
            return
        partition.check_sending(reading.mono_ms, at_end=at_end)
        if not partition.may_write:
            return
        turn = self.turns[partition.number]
        moment = self._moment(turn, reading)
        calm = moment is not None and moment.fresh and not moment.behind
        given = self._handing_over.step(partition, reading, send, calm=calm)
        if given or self._taker.step(partition, reading, send):
            return
        if moment is None:  # no end is known yet: nothing is decided, but an owner is not silent
            partition.write((), (), partition.log_time_ms, reading, send)
            return
        self._pressure.step(turn, moment.written_at_ms, reading)
        entries, waited_ms = turn.run(moment, reading, send)
        self._observer.wrote(partition.number, entries, turn.queued, waited_ms)

    def _follow(
        self, partition: Partition[Item, Entry], reading: Reading, send: Send, *, at_end: bool
    ) -> None:
        if self._handing_over.leaving:
            return

        partition.seek_ownership(reading, self._draw, send, at_end=at_end)
        self._handing_over.ask(
            partition, reading, self._draw, send, calm=at_end and self._freshness.fresh
        )

    def _moment(self, turn: Turn[Item, Entry], reading: Reading) -> Moment | None:
        partition = turn.partition
        paced = (self._inputs.paced, partition.number)
        ends = self._ends
        if paced not in ends or partition.tp not in ends:
            return None  # nothing is known of the leaders yet
        answered_ms = min(ends[paced].asked_at_ms, ends[partition.tp].asked_at_ms)
        written_ms = max(partition.log_time_ms, partition.time.now_ms(reading.mono_ms, answered_ms))
        position = partition.decided.positions.get(paced, Position(0))
        read_to_ms = (
            partition.time.at_ms(ends[paced].asked_at_ms)
            if position.offset >= ends[paced].offset
            else 0
        )
        behind = self._behind(turn, paced, written_ms)
        now_ms = turn.time_behind_ms() if behind else written_ms
        return Moment(
            now_ms=min(now_ms, written_ms),
            written_at_ms=written_ms,
            fresh=self._freshness.fresh,
            behind=behind,
            paced_read_to_ms=read_to_ms,
            spread_read_to_ms=self._feed.spread_read_to_ms(turn),
            unwanted=partition.requests.unwanted.shares(partition.time.stamp_ms(reading.mono_ms)),
        )

    def _behind(self, turn: Turn[Item, Entry], paced: TopicPartition, now_ms: int) -> bool:
        """Rule 2.2: some of the paced input is unread, and what was judged last is old."""
        age_ms = turn.partition.time.age_ms
        next_ms = turn.next_paced_ms()
        if next_ms is not None:
            return age_ms(now_ms, next_ms) > BEHIND_MS
        if self._reader.at_end(paced, BEHIND_MS):
            return False
        return age_ms(now_ms, turn.last_paced_ms()) > BEHIND_MS

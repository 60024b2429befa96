"""A small fenced log on a real broker, and the slots that decide in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from services.runtime.clock import Clock, SystemClock
from services.runtime.fenced_log.core import Inputs
from services.runtime.fenced_log.decider import Decider
from services.runtime.fenced_log.header import Fence, FencePoint, Header
from services.runtime.fenced_log.reader import FencedReader
from services.runtime.fenced_log.role import Role
from services.runtime.fenced_log.snapshot import SNAPSHOT_EVERY
from services.runtime.fenced_log.watch import OWNER_SILENCE_MS
from services.runtime.fenced_log.wishes import HandOver, Request, Skip
from services.runtime.fenced_log.world import Place, World
from services.runtime.ids import SystemIds
from services.runtime.kafka_log import KafkaLogReader, KafkaLogWriter
from services.runtime.log_port import START, Arrived, SendError, Sent
from tests.fakes.tally import SilentObserver, TallyCodec, TallyCore, TallyStateCodec, numbers
from tests.support.eventually import eventually
from tests.support.stack import Broker

CODEC = TallyCodec()
CLOCK = SystemClock()
TURN_WITHIN_MS = 30_000


@dataclass
class Slot:
    """A decider on connections of its own; `begin` starts it anew on them."""

    arena: "Arena"
    reader: KafkaLogReader
    writer: KafkaLogWriter
    decider: Decider[int, int] = field(init=False)
    observer: SilentObserver = field(init=False)

    def begin(
        self,
        name: str,
        owner_silence_ms: int = OWNER_SILENCE_MS,
        new_core: Callable[[], TallyCore] = TallyCore,
        clock: Clock = CLOCK,
        snapshot_every: int = SNAPSHOT_EVERY,
    ) -> None:
        self.reader.assign({})
        self.observer = SilentObserver()
        world = World(self.reader, self.writer, clock, SystemIds(), self.observer)
        place = Place(
            self.arena.log,
            self.arena.partitions,
            name,
            int(name[-1]),
            2,
            owner_silence_ms,
            snapshot_every=snapshot_every,
        )
        inputs = Inputs(paced=self.arena.paced)
        self.decider = Decider(place, inputs, lambda _: new_core(), CODEC, TallyStateCodec(), world)

    @property
    def epoch(self) -> int:
        return self.decider.partitions[0].epoch

    @property
    def owns(self) -> bool:
        return self.decider.partitions[0].role is Role.OWNING

    @property
    def seen(self) -> list[int]:
        return self.seen_in(0)

    def seen_in(self, number: int) -> list[int]:
        core = self.decider.partitions[number].core
        assert isinstance(core, TallyCore)
        return core.seen

    def owns_all(self) -> bool:
        return all(p.role is Role.OWNING for p in self.decider.partitions)


@dataclass
class Arena:
    """A log and its input on a real broker, of one partition unless leaders are named for more."""

    broker: Broker
    log_leaders: tuple[int, ...] = ()
    paced_leaders: tuple[int, ...] = ()
    log: str = field(init=False)
    paced: str = field(init=False)
    writer: KafkaLogWriter = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.broker.fresh_topic("log", leaders=self.log_leaders)
        self.paced = self.broker.fresh_topic("paced", leaders=self.paced_leaders)
        self.writer = KafkaLogWriter(self.broker.address, "arena")

    @property
    def partitions(self) -> int:
        return max(1, len(self.log_leaders))

    @contextmanager
    def slots(self, count: int = 2) -> Iterator[list[Slot]]:
        made = [
            Slot(
                self,
                KafkaLogReader(self.broker.address, f"tally-{index}"),
                KafkaLogWriter(self.broker.address, f"tally-{index}"),
            )
            for index in range(count)
        ]
        try:
            yield made
        finally:
            for slot in made:
                slot.writer.flush(5)
                slot.reader.close()

    def give(self, *values: int, partition: int = 0) -> None:
        results: list[Sent | SendError] = []
        for value in values:
            self.writer.send((self.paced, partition), numbers(value), results.append)
        assert self.writer.flush(20) == 0
        assert all(isinstance(result, Sent) for result in results)

    def ask(self, wish: HandOver | Skip) -> None:
        """Append a request to the first partition, as a person does."""
        point = FencePoint(0, SystemIds().draw(16), 0)
        self.append(Header(point, 0, control=Request("ann", "a test", wish)))

    def append(self, header: Header, *entries: int) -> None:
        """Append a record to the log, as somebody does who takes himself for its owner."""
        results: list[Sent | SendError] = []
        self.writer.send((self.log, 0), CODEC.record(header, entries), results.append)
        assert self.writer.flush(20) == 0
        assert isinstance(results[0], Sent)

    def read(self, number: int = 0) -> list[Arrived]:
        """Read a whole partition, as somebody does who knows nothing but the log."""
        tp, arrived = (self.log, number), list[Arrived]()
        reader = KafkaLogReader(self.broker.address, "checker")
        reader.assign({tp: START})

        def all_read() -> bool:
            arrived.extend(reader.poll(0.1))
            return reader.at_end(tp, 1_000)

        eventually(all_read)
        reader.close()
        return arrived

    def records(self) -> list[tuple[Header, list[int]]]:
        return [(CODEC.header(a.value), list(CODEC.entries(a.value))) for a in self.read()]

    def story(self) -> list[int]:
        reader = FencedReader("checker/0")
        return [n for header, told in self.records() if reader.accept(header).counts for n in told]

    def fences(self) -> list[tuple[int, str]]:
        return [
            (header.point.epoch, header.control.slot)
            for header, _ in self.records()
            if isinstance(header.control, Fence)
        ]


def turn_until(
    condition: Callable[[], bool], *slots: Slot, within_ms: int = TURN_WITHIN_MS
) -> None:
    """Turn as a process does: a turn waits for records by itself."""
    until_ms = CLOCK.monotonic_ms() + within_ms
    while not condition():
        assert CLOCK.monotonic_ms() < until_ms, f"not within {within_ms} ms"
        for slot in slots:
            slot.decider.turn()


def turn_for(ms: int, *slots: Slot) -> None:
    until_ms = CLOCK.monotonic_ms() + ms
    turn_until(lambda: CLOCK.monotonic_ms() >= until_ms, *slots)

"""Deciders of one log on one broker, turned by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from services.runtime.fenced_log.core import Batch, Codec, Core, Inputs, Moment, StateCodec
from services.runtime.fenced_log.decider import Decider
from services.runtime.fenced_log.header import Control, Fence, FencePoint, Header, Yield
from services.runtime.fenced_log.role import Role
from services.runtime.fenced_log.snapshot import SNAPSHOT_EVERY
from services.runtime.fenced_log.wishes import Request, Wish
from services.runtime.fenced_log.world import Place, World
from services.runtime.log_port import Arrived
from tests.fakes.gateway import CountingIds
from tests.fakes.log import FakeClock, HeldLogWriter, InMemoryBroker, InMemoryLogReader
from tests.fakes.tally import (
    INPUTS,
    LOG,
    ORDERS,
    PACED,
    SilentObserver,
    TallyCodec,
    TallyCore,
    TallyStateCodec,
    numbers,
)

SPREAD = "spread"
LIVE = "live"
UPSTREAM, ZOMBIE = b"o" * 16, b"z" * 16
ALL_INPUTS = Inputs(paced=PACED, orders=(ORDERS,), spread=SPREAD, live=(LIVE,))


CODEC = TallyCodec()


class GatedCore(TallyCore):
    """Lets its inputs wait until it is opened."""

    open = False

    @override
    def admits(self, topic: str, moment: Moment) -> bool:
        return self.open


class ChainCodec(TallyCodec):
    """Reads the log of other deciders as its spread input: even numbers are for partition 0."""

    @override
    def batch(self, arrived: Arrived) -> Batch[int]:
        if arrived.topic != SPREAD:
            return super().batch(arrived)
        entries = self.entries(arrived.value)
        return Batch(self.header(arrived.value), [(entry % 2, entry) for entry in entries])


@dataclass
class Slot:
    """One process of the town."""

    decider: Decider[Any, Any]
    reader: InMemoryLogReader
    writer: HeldLogWriter
    observer: SilentObserver
    live: list[Arrived]

    def seen(self, number: int) -> list[int]:
        core = self.decider.partitions[number].core
        assert isinstance(core, TallyCore)
        return core.seen

    def core(self, number: int) -> TallyCore:
        core = self.decider.partitions[number].core
        assert isinstance(core, TallyCore)
        return core

    def owns(self) -> set[int]:
        return {p.number for p in self.decider.partitions if p.role is Role.OWNING}


class Town:
    """A broker, its clock, and the slots that were started."""

    def __init__(
        self, slots: int = 2, inputs: Inputs = INPUTS, snapshot_every: int = SNAPSHOT_EVERY
    ) -> None:
        self.clock = FakeClock()
        self.broker = InMemoryBroker(self.clock)
        self.ids = CountingIds()
        self.slots = slots
        self.inputs = inputs
        self.snapshot_every = snapshot_every

    def start(
        self,
        index: int,
        new_core: Callable[[int], Core[Any, Any]] = lambda _: TallyCore(),
        clock: FakeClock | None = None,
        codec: Codec[Any, Any] | None = None,
        state: StateCodec[Any] | None = None,
    ) -> Slot:
        reader = InMemoryLogReader(self.broker, clock or self.clock)
        writer, observer = HeldLogWriter(self.broker), SilentObserver()
        live: list[Arrived] = []
        world = World(reader, writer, clock or self.clock, self.ids, observer, live.append)
        place = Place(
            LOG, 2, f"tally-{index}", index, self.slots, snapshot_every=self.snapshot_every
        )
        decider: Decider[Any, Any] = Decider(
            place,
            self.inputs,
            new_core,
            codec or ChainCodec(),
            state or TallyStateCodec(),
            world,
        )
        return Slot(decider, reader, writer, observer, live)

    def give(self, topic: str, partition: int, *values: int) -> None:
        self.broker.append((topic, partition), numbers(*values))

    def tell(
        self,
        epoch: int,
        seq: int,
        *values: int,
        partition: int = 0,
        owner: bytes = UPSTREAM,
    ) -> None:
        """Append a record to the spread input, as the decider does whose log it is."""
        header = Header(
            FencePoint(epoch, owner, seq), 0, control=Fence("up-0") if seq == 0 else None
        )
        self.broker.append((SPREAD, partition), CODEC.record(header, values))

    def ask(self, number: int, wish: Wish, slot: str = "") -> None:
        """Append a request to a partition, of a slot or a person."""
        request = Request(slot or "ann", "a test", wish, slot)
        header = Header(FencePoint(0, self.ids.draw(16), 0), 0, control=request)
        self.broker.append((LOG, number), CODEC.record(header, ()))

    def two_slots(self) -> tuple[Slot, Slot]:
        """Start two slots that own a partition each, and have them hear the end of both logs."""
        one, two = self.start(0), self.start(1)
        self.turn(one, two, times=10, ms=100)
        assert (one.owns(), two.owns()) == ({0}, {1})
        return one, two

    def yields(self, number: int) -> list[str]:
        return [each.to_slot for each in self.controls(number) if isinstance(each, Yield)]

    def controls(self, number: int) -> list[Control]:
        headers = (CODEC.header(arrived.value) for arrived in self.broker.records((LOG, number)))
        return [header.control for header in headers if header.control is not None]

    def fences(self, number: int) -> list[str]:
        return [each.slot for each in self.controls(number) if isinstance(each, Fence)]

    def entries(self, number: int) -> list[int]:
        records = self.broker.records((LOG, number))
        return [entry for arrived in records for entry in CODEC.entries(arrived.value)]

    def turn(self, *slots: Slot, times: int = 4, ms: int = 10) -> None:
        for _ in range(times):
            self.clock.advance(ms)
            for slot in slots:
                slot.decider.turn()

    def pass_silence(self, *slots: Slot) -> None:
        """Turn until an owner that is not turned has been silent for long enough."""
        self.turn(*slots, times=36, ms=100)

"""A tally log as somebody reads it who knows nothing else, and the slots that write it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.runtime.fenced_log.decider import Decider
from services.runtime.fenced_log.header import (
    Control,
    Fence,
    Header,
    Position,
    SnapshotChunk,
    SnapshotDone,
    Yield,
)
from services.runtime.fenced_log.role import Role
from services.runtime.fenced_log.turn import SKIPPED
from services.runtime.fenced_log.world import Place, World
from services.runtime.ids import Ids
from services.runtime.log_port import Arrived
from tests.fakes.log import HeldLogWriter, InMemoryBroker, InMemoryLogReader
from tests.fakes.tally import INPUTS, SilentObserver, TallyCodec, TallyCore, TallyStateCodec
from tests.support.reader_rule import SecondReader

SEEKING = (Role.CLAIMING, Role.FENCING)


class TallySlot:
    """One process: what it does, what it sends, and whether it runs."""

    def __init__(
        self, place: Place, reader: InMemoryLogReader, ids: Ids, failing: set[int]
    ) -> None:
        self.name = place.slot
        self.paused = False
        self.writer = HeldLogWriter(reader.broker)
        world = World(reader, self.writer, reader.clock, ids, SilentObserver())
        self.decider: Decider[int, int] = Decider(
            place,
            INPUTS,
            lambda _: TallyCore(failing=failing),
            TallyCodec(),
            TallyStateCodec(),
            world,
        )

    def deliver_and_hold(self) -> None:
        """Let what was sent stand in the log, and hold what is sent from now on."""
        self.writer.holding = self.writer.lose_acks = False
        self.writer.serve()
        self.writer.holding = True

    def role(self, number: int) -> Role:
        return self.decider.partitions[number].role

    def seen(self, number: int) -> list[int]:
        core = self.decider.partitions[number].core
        assert isinstance(core, TallyCore)
        return core.seen

    def follows(self, story: "Story") -> bool:
        return self.seen(story.number) == story.told


@dataclass
class Story:
    """What an independent reader takes from one partition, and the laws it must keep."""

    number: int
    reader: SecondReader = field(init=False)
    read: int = 0
    told: list[int] = field(default_factory=list)
    set_aside: list[tuple[str, int, int]] = field(default_factory=list)
    skipped: list[tuple[str, int, int]] = field(default_factory=list)
    """Topic, offset and index of what was set aside because somebody asked for it."""
    is_yielded: bool = False
    """Whether the reign in force is over."""
    hand_overs: int = 0
    attempts: dict[tuple[str, int, int], int] = field(default_factory=dict)
    positions: dict[tuple[str, int], Position] = field(default_factory=dict)
    owner_slot: str = ""
    fences: int = 0
    at_ms: int = 0
    sizes: list[int] = field(default_factory=list)
    """How much was told below each offset."""
    chunks: list[bytes] = field(default_factory=list)
    positions_then: dict[tuple[str, int], Position] = field(default_factory=dict)
    """When the first of these chunks was written."""
    snapshots: int = 0

    def __post_init__(self) -> None:
        self.reader = SecondReader(f"checker/{self.number}")

    def go_on(self, log: list[Arrived]) -> None:
        codec = TallyCodec()
        for arrived in log[self.read :]:
            header = codec.header(arrived.value)
            self.sizes.append(len(self.told))
            if self.reader.counts(header):
                self._take(header, list(codec.entries(arrived.value)))
        self.read = len(log)

    def _take(self, header: Header, entries: list[int]) -> None:
        if isinstance(header.control, Fence):
            self.owner_slot = header.control.slot
            self.fences += 1
            self.hand_overs += self.is_yielded
            self.is_yielded = False
            assert not entries
        else:
            assert header.at_ms >= self.at_ms, "time fell within a partition"
            self.at_ms = header.at_ms
        self.is_yielded = isinstance(header.control, Yield)
        twice = set(self.told) & set(entries)
        assert not twice, f"applied twice: {twice}"
        self.told += entries
        for topic, number, position in header.inputs:
            before = self.positions.get((topic, number), Position(0))
            assert place_of(position) >= place_of(before), f"{topic} went back: {before} {position}"
            self.positions[(topic, number)] = position
        self._take_snapshot(header.control)
        for failure in header.failures:
            key = (failure.topic, failure.offset, failure.index)
            at_once = failure.reason in ("PoisonError", SKIPPED)
            assert failure.attempt == (3 if at_once else self.attempts.get(key, 0) + 1)
            assert key not in self.set_aside
            self.attempts[key] = failure.attempt
            if failure.set_aside:
                self.set_aside.append(key)
            if failure.reason == SKIPPED:
                self.skipped.append(key)

    def skipped_numbers(self, broker: InMemoryBroker) -> set[int]:
        """Return the inputs themselves that somebody had set aside."""
        records = broker.records((INPUTS.paced, self.number))
        return {int(records[at].value.split(b",")[index]) for _, at, index in self.skipped}

    def _take_snapshot(self, control: Control | None) -> None:
        if isinstance(control, SnapshotChunk):
            self.chunks = [*self.chunks[: control.number], control.state]
            assert len(self.chunks) == control.number + 1
            if control.number == 0:
                self.positions_then = dict(self.positions)
        elif isinstance(control, SnapshotDone):
            core = TallyCore()
            TallyStateCodec().restore(core, self.chunks[: control.chunks])
            assert core.seen == self.told[: self.sizes[control.covered]]
            assert {(t, n): at for t, n, at in control.inputs} == self.positions_then
            self.snapshots += 1

    def unsettled(
        self, slots: Mapping[int, TallySlot], broker: InMemoryBroker, inputs: tuple[str, str]
    ) -> list[str]:
        """Tell what is still to come: an owner, a slot that follows, an input to decide."""
        roles = {one.name: one.role(self.number) for one in slots.values()}
        owners = [name for name, role in roles.items() if role is Role.OWNING]
        problems = [f"{name} would own it" for name, role in roles.items() if role in SEEKING]
        problems += [f"{one.name} lags" for one in slots.values() if not one.follows(self)]
        if owners != [self.owner_slot]:
            problems.append(f"{owners} own it, the log says {self.owner_slot!r}")
        paced, orders = inputs
        for tp in ((paced, self.number), (orders, 0)):
            end = len(broker.records(tp))
            if place_of(self.positions.get(tp, Position(0))) < (end, 0):
                problems.append(f"{tp} is not decided to its end")
        return [f"partition {self.number}: {problem}" for problem in problems]


def place_of(position: Position) -> tuple[int, int]:
    return position.offset, position.index

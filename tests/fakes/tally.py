"""The smallest decider there is: inputs are numbers, entries repeat them, state is their list."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from typing_extensions import override

from seatline.log.v1 import log_pb2
from services.runtime.errors import HeldBackError, PoisonError
from services.runtime.fenced_log.core import EVERY_PARTITION, Batch, Inputs, Moment
from services.runtime.fenced_log.header import Failure, Header, brief, from_proto, to_proto
from services.runtime.fenced_log.turn import Pending
from services.runtime.log_port import Arrived

LOG, PACED, ORDERS = "log", "paced", "orders"
INPUTS = Inputs(paced=PACED, orders=(ORDERS,))


@dataclass
class TallyCore:
    """Remembers every number in the order in which the log has it."""

    failing: set[int] = field(default_factory=set)
    seen: list[int] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)

    def evolve(self, entries: Sequence[int], at_ms: int) -> None:
        del at_ms
        self.seen.extend(entries)

    def decide(self, item: int, moment: Moment) -> Sequence[int]:
        self.moments.append(moment)
        if item in self.failing:
            raise ValueError(item)
        return [item]

    def due(self, moment: Moment) -> Sequence[int]:
        del moment
        return ()

    def admits(self, topic: str, moment: Moment) -> bool:
        del topic, moment
        return True


@dataclass
class AlarmCore(TallyCore):
    """Answers each number, once its time has come, with its negative."""

    rings_after_ms: int = 2_500
    rings_at_ms: dict[int, int] = field(default_factory=dict)
    looks: list[Moment] = field(default_factory=list)

    @override
    def evolve(self, entries: Sequence[int], at_ms: int) -> None:
        super().evolve(entries, at_ms)
        for entry in entries:
            if entry > 0:
                self.rings_at_ms[entry] = at_ms + self.rings_after_ms
            else:
                del self.rings_at_ms[-entry]

    @override
    def due(self, moment: Moment) -> Sequence[int]:
        self.looks.append(moment)
        return [-n for n, at_ms in self.rings_at_ms.items() if at_ms <= moment.now_ms][:1]


class TallyCodec:
    """Header as on the wire, entries as comma-separated numbers behind it."""

    def header(self, value: bytes) -> Header:
        return from_proto(log_pb2.Header.FromString(value.partition(b"\n--\n")[0]))

    def brief(self, value: bytes) -> Header:
        return brief(log_pb2.Header.FromString(value.partition(b"\n--\n")[0]))

    def entries(self, value: bytes) -> Sequence[int]:
        return _numbers(value.partition(b"\n--\n")[2])

    def record(self, header: Header, entries: Sequence[int]) -> bytes:
        return to_proto(header).SerializeToString() + b"\n--\n" + numbers(*entries)

    def weight(self, entry: int) -> int:
        del entry
        return 10

    def batch(self, arrived: Arrived) -> Batch[int]:
        target = EVERY_PARTITION if arrived.topic == ORDERS else arrived.partition
        try:
            return Batch(None, [(target, number) for number in _numbers(arrived.value)])
        except ValueError as error:
            raise PoisonError("not numbers") from error


class TallyStateCodec:
    """Three chunks of numbers; an `AlarmCore` has its alarms in the first."""

    def chunks(self, core: TallyCore) -> list[bytes]:
        rings = core.rings_at_ms if isinstance(core, AlarmCore) else {}
        third = 1 + len(core.seen) // 3
        return [
            json.dumps(
                {
                    "seen": core.seen[at * third : (at + 1) * third],
                    "rings": [] if at else list(rings.items()),
                }
            ).encode()
            for at in range(3)
        ]

    def restore(self, core: TallyCore, chunks: Sequence[bytes]) -> None:
        for chunk in map(json.loads, chunks):
            core.seen.extend(chunk["seen"])
            if isinstance(core, AlarmCore):
                core.rings_at_ms.update(chunk["rings"])


class SilentObserver:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.loads: list[tuple[int, int, int]] = []
        self.aside: list[Failure] = []
        self.owned_now: set[int] = set()
        self.held_back: set[int] = set()
        """Partitions of inputs of which no more are set aside for now."""

    def owned(self, partition: int, *, owned: bool, epoch: int) -> None:
        del epoch
        (self.owned_now.add if owned else self.owned_now.discard)(partition)

    def wrote(self, partition: int, entries: Sequence[int], queued: int, waited_ms: int) -> None:
        del partition, entries, queued, waited_ms

    def loaded(self, partition: int, covered: int, end: int) -> None:
        self.loads.append((partition, covered, end))

    def set_aside(self, failure: Failure, pending: Pending[int]) -> None:
        del pending
        if failure.partition in self.held_back:
            raise HeldBackError
        self.aside.append(failure)


def numbers(*values: int) -> bytes:
    return b",".join(b"%d" % value for value in values)


def _numbers(value: bytes) -> list[int]:
    return [int(part) for part in value.split(b",")] if value else []

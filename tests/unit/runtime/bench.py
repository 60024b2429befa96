"""A partition on a log, whose sends stand in it when a test says so."""

from collections.abc import Callable

from services.runtime.fenced_log.header import Claim, Fence, FencePoint, Header
from services.runtime.fenced_log.partition import Partition
from services.runtime.fenced_log.role import Reading, Role
from services.runtime.fenced_log.watch import OWNER_SILENCE_MS, Watch
from services.runtime.log_port import Arrived, SendError, Sent
from tests.fakes.gateway import CountingIds
from tests.fakes.log import FakeClock, HeldLogWriter, InMemoryBroker
from tests.fakes.tally import LOG, TallyCodec, TallyCore

TP = (LOG, 0)
CODEC = TallyCodec()
OTHER = b"o" * 16


class Bench:
    """One partition on a log; what it sends stands in the log after `deliver`."""

    def __init__(self, *, preferred: bool = True) -> None:
        self.clock = FakeClock()
        self.broker = InMemoryBroker(self.clock)
        self.writer = HeldLogWriter(self.broker)
        self.ids = CountingIds()
        self.core = TallyCore()
        watch = Watch("slot-0", preferred=preferred, owner_silence_ms=OWNER_SILENCE_MS)
        self.partition = Partition(TP, "slot-0", self.core, CODEC, watch)
        self.read = 0

    def reading(self) -> Reading:
        return Reading(self.clock.monotonic_ms(), self.clock.wall_ms())

    def seek(self, *, at_end: bool = True) -> None:
        self.partition.seek_ownership(
            self.reading(), lambda: self.ids.draw(16), self.send, at_end=at_end
        )

    def send(self, value: bytes, done: Callable[[Sent | SendError, Reading], None]) -> None:
        self.writer.send(TP, value, lambda result: done(result, self.reading()))

    def write(self, *entries: int, at_ms: int = 0) -> bool:
        return self.partition.write(entries, (), at_ms, self.reading(), self.send)

    def deliver(self) -> None:
        self.writer.serve()

    def other(self, header: Header, *entries: int) -> Arrived:
        return self.broker.append(TP, CODEC.record(header, entries))

    def read_on(self) -> Role:
        for arrived in self.broker.records(TP)[self.read :]:
            self.partition.read(arrived, self.reading())
            self.read += 1
        return self.partition.role

    def own(self) -> None:
        self.seek()
        self.deliver()
        assert self.read_on() is Role.OWNING

    def headers(self) -> list[Header]:
        return [CODEC.header(arrived.value) for arrived in self.broker.records(TP)]


def fence(epoch: int, owner: bytes = OTHER, at_ms: int = 0) -> Header:
    return Header(FencePoint(epoch, owner, 0), at_ms, control=Fence("slot-9"))


def claim() -> Header:
    return Header(FencePoint(0, OTHER, 0), 0, control=Claim("slot-9"))


def followed(bench: Bench) -> None:
    bench.other(fence(1))
    bench.read_on()

"""An owned partition whose records come back at once, for tests of what stands on it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from services.runtime.errors import HeldBackError, PoisonError
from services.runtime.fenced_log.core import Moment
from services.runtime.fenced_log.header import Failure, Header
from services.runtime.fenced_log.partition import Partition
from services.runtime.fenced_log.role import Reading, Role
from services.runtime.fenced_log.turn import Pending, Turn
from services.runtime.fenced_log.watch import OWNER_SILENCE_MS, Watch
from tests.fakes.gateway import CountingIds
from tests.fakes.log import FakeClock, InMemoryBroker, InMemoryLogWriter
from tests.fakes.tally import LOG, TallyCodec, TallyCore
from tests.unit.runtime.town import ALL_INPUTS

T = 1_770_000_000_000
MOMENT = Moment(T, T, fresh=True, behind=False, paced_read_to_ms=0, spread_read_to_ms=0)
BEHIND = replace(MOMENT, behind=True)


class OwnedPartition:
    """A turn of an owned partition, and what it wrote."""

    def __init__(
        self,
        core: TallyCore | None = None,
        codec: TallyCodec | None = None,
        clock: FakeClock | None = None,
    ) -> None:
        self.clock = clock or FakeClock(T)
        self.broker = InMemoryBroker(self.clock)
        self.writer = InMemoryLogWriter(self.broker)
        self.core = core or TallyCore()
        self.codec = codec or TallyCodec()
        watch = Watch("slot-0", preferred=True, owner_silence_ms=OWNER_SILENCE_MS)
        self.partition = Partition((LOG, 0), "slot-0", self.core, self.codec, watch)
        self.read = 0
        self.partition.seek_ownership(
            self.reading(), lambda: CountingIds().draw(16), self._send, at_end=True
        )
        self._settle()
        assert self.partition.role is Role.OWNING
        self.aside: list[Failure] = []
        self.holds_back = False
        self.failures_when_aside: list[int] = []
        """How many failures the log held when each input was set aside."""
        self.turn = Turn(self.partition, self.codec, ALL_INPUTS, self.clock, self._set_aside)

    def reading(self) -> Reading:
        return Reading(self.clock.monotonic_ms(), self.clock.wall_ms())

    def put(
        self,
        topic: str,
        offset: int,
        *items: int | PoisonError,
        partition: int = 0,
        appended_at_ms: int = T,
    ) -> None:
        pending = Pending((topic, partition), offset, appended_at_ms, list(enumerate(items)))
        self.turn.put(pending)

    def run(self, moment: Moment = MOMENT) -> Sequence[int]:
        """Run one turn, have its record read back, and give its entries."""
        entries, _ = self.turn.run(moment, self.reading(), self._send)
        self._settle()
        return entries

    def headers(self) -> list[Header]:
        return [self.codec.header(arrived.value) for arrived in self.broker.records((LOG, 0))]

    def _set_aside(self, failure: Failure, pending: Pending[int]) -> None:
        del pending
        if self.holds_back:
            raise HeldBackError
        self.aside.append(failure)
        self.failures_when_aside.append(sum(len(header.failures) for header in self.headers()))

    def _send(self, value: bytes, done: Callable[..., None]) -> None:
        self.writer.send((LOG, 0), value, lambda result: done(result, self.reading()))

    def _settle(self) -> None:
        self.writer.serve()
        for arrived in self.broker.records((LOG, 0))[self.read :]:
            self.partition.read(arrived, self.reading())
            self.read += 1

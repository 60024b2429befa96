"""Dispatchers as they run: the real floor and codec under the loop of the fenced log."""

from typing import Any

from seatline.commands.v1 import commands_pb2
from services.dispatcher.adapters import topics
from services.dispatcher.adapters.codec import DispatcherCodec
from services.dispatcher.domain.facts import Fact
from services.dispatcher.domain.limits import Limits
from services.dispatcher.handlers import FloorHandler
from services.dispatcher.wiring import INPUTS
from services.runtime.fenced_log.core import Moment
from services.runtime.fenced_log.header import Fence, FencePoint, Header
from tests.fakes.log import FakeClock
from tests.fakes.tally import LOG
from tests.support.builders import BOOT, START_MS
from tests.unit.runtime.town import Slot, Town

CODEC = DispatcherCodec(2)
FORMER = b"f" * 16


class WatchedFloor(FloorHandler):
    """Keeps the moments at which it decided."""

    def __init__(self) -> None:
        super().__init__(Limits())
        self.moments: list[Moment] = []

    def decide(self, item: Any, moment: Any) -> Any:
        self.moments.append(moment)
        return super().decide(item, moment)


class FloorTown(Town):
    """A town of dispatchers whose clock starts at `START_MS`."""

    def __init__(self) -> None:
        super().__init__(inputs=INPUTS)
        self.clock.offset = START_MS
        self.seq = 1

    def open(self, index: int, clock: FakeClock | None = None) -> Slot:
        return self.start(index, lambda _: WatchedFloor(), clock, CODEC)

    def given(self, number: int, *happened: Fact, slot: str = "tally-0") -> None:
        """Write what happened already, in the reign of a slot that is no more."""
        fence = Header(FencePoint(1, FORMER, 0), START_MS, control=Fence(slot))
        record = Header(FencePoint(1, FORMER, 1), START_MS)
        self.broker.append((LOG, number), CODEC.record(fence, ()))
        self.broker.append((LOG, number), CODEC.record(record, happened))

    def heartbeat(self, number: int) -> None:
        """Write a record of the reign that is no more, in which nothing was decided."""
        self.seq += 1
        header = Header(FencePoint(1, FORMER, self.seq), self.broker.clock.wall_ms())
        self.broker.append((LOG, number), CODEC.record(header, ()))

    def accept(self, number: int, which: int) -> None:
        """Let session `s…` accept contact `c…`, offered for the first time."""
        about = commands_pb2.Attempt(contact_id=f"c{which}", release=1, attempt=1)
        accept = commands_pb2.AcceptOffer(session_id=f"s{which}", generation=1, attempt=about)
        self.command(number, accept_offer=accept)

    def command(self, number: int, **command: Any) -> None:
        """Append a command of the gateway."""
        commands = [commands_pb2.Command(**command)]
        record = commands_pb2.CommandRecord(boot_id=BOOT, commands=commands)
        self.broker.append((topics.COMMANDS, number), record.SerializeToString())

    def alive(self, number: int) -> None:
        """Let the gateway show that it lives."""
        self.command(number, gateway_alive=commands_pb2.GatewayAlive())

    def facts(self, number: int) -> list[Fact]:
        """Give what was decided since `given`."""
        records = self.broker.records((LOG, number))[2:]
        return [fact for arrived in records for fact in CODEC.entries(arrived.value)]

    def written_ms(self, number: int) -> list[int]:
        """Give the broker times of all records."""
        return [CODEC.header(a.value).at_ms for a in self.broker.records((LOG, number))]

    def floor(self, slot: Slot, number: int) -> WatchedFloor:
        core = slot.decider.partitions[number].core
        assert isinstance(core, WatchedFloor)
        return core

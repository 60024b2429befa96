"""Routers and dispatchers as processes: the real decider, turned by the one scheduler."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry
from typing_extensions import override

from services.dispatcher.adapters import topics
from services.dispatcher.adapters.codec import DispatcherCodec
from services.dispatcher.adapters.floor_codec import FloorCodec
from services.dispatcher.domain.limits import Limits
from services.dispatcher.handlers import FloorHandler
from services.dispatcher.wiring import INPUTS as DISPATCHER_INPUTS
from services.router.adapters.live_orders import LiveOrders
from services.router.adapters.log_codec import RouterCodec
from services.router.adapters.metrics import RouterMetrics
from services.router.adapters.seen_codec import SeenCodec
from services.router.handlers import Orders, RulingHandler
from services.router.wiring import INPUTS as ROUTER_INPUTS
from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.core import Core, Inputs
from services.runtime.fenced_log.decider import Decider
from services.runtime.fenced_log.header import Failure
from services.runtime.fenced_log.turn import Pending
from services.runtime.fenced_log.world import Place, World
from services.runtime.set_aside import SetAside
from tests.simtest.log import SimulatedBroker, SimulatedLogReader, SimulatedLogWriter
from tests.simtest.node import CrashedError, Node
from tests.simtest.plan import SLOTS

PARTITIONS = 2
SNAPSHOT_EVERY = 8
"""So few records that most lives begin at a snapshot."""
DEDUPE_WINDOW_MS = 600_000
LIMITS = Limits(
    lease_ms=2_500,
    dial_window_ms=2_000,
    desk_silence_ms=1_000,
    call_ms=6_000,
    gone_grace_ms=2_500,
    suspect_ms=1_500,
    gateway_silence_ms=2_500,
    presence_ask_again_ms=2_000,
    presence_unsure_ms=3_000,
    pause_ms=5_000,
    not_answering_ms=2_000,
    map_wait_ms=2_000,
    forget_ms=4_000,
)
"""The settings of a hurried stack: the rules are the same, the seconds fewer."""

_SLOTS = Counter(name.partition("-")[0] for name in SLOTS)
_METRICS = RouterMetrics(CollectorRegistry())
_IDLE_MS = (120, 350)


@dataclass
class Doubles:
    """What a simulation is made of; tests put broken doubles in."""

    floor: Callable[[int], Core[Any, Any]] = lambda _: FloorHandler(LIMITS)
    rulings: Callable[[Orders], RulingHandler] = lambda orders: RulingHandler(
        orders, DEDUPE_WINDOW_MS
    )
    decider: type[Decider[Any, Any]] = Decider
    gateway: Callable[[Any], None] = lambda _: None
    store: type[Any] | None = None


@dataclass
class DeciderObserver:
    """Keeps what is set aside as the real observers do; counts nothing."""

    letters: SetAside
    told: Callable[[int, bool, int], None]
    begun: Callable[[int, int, int], None]
    lost: list[int] = field(default_factory=list)

    def owned(self, partition: int, *, owned: bool, epoch: int) -> None:
        self.told(partition, owned, epoch)

    def loaded(self, partition: int, covered: int, end: int) -> None:
        self.begun(partition, covered, end)

    def wrote(self, partition: int, entries: Sequence[Any], queued: int, waited_ms: int) -> None:
        """Measure nothing."""

    def set_aside(self, failure: Failure, pending: Pending[Any]) -> None:
        self.letters.send(failure, pending)


class DeciderNode(Node):
    """One slot of routers or dispatchers, one life long."""

    reader: SimulatedLogReader
    writer: SimulatedLogWriter
    decider: Decider[Any, Any]
    on_exit: Callable[["DeciderNode", Exception], None]
    on_turned: Callable[["DeciderNode"], None]
    on_owned: Callable[[Node, int, bool, int], None]
    on_loaded: Callable[[Node, int, int, int], None]

    def open(self, broker: SimulatedBroker, doubles: Doubles) -> None:
        """Put the slot together, as its wiring does."""
        self.busy = True
        try:
            self._open(broker, doubles)
        finally:
            self.busy = False
        self.wake_at(self.scheduler.now_ms)

    def _open(self, broker: SimulatedBroker, doubles: Doubles) -> None:
        routes = self.kind == "router"
        log, inputs = (
            (topics.RULINGS, ROUTER_INPUTS) if routes else (topics.FACTS, DISPATCHER_INPUTS)
        )
        waited_for = [topic for topic in (inputs.paced, inputs.spread) if topic]
        self.reader = SimulatedLogReader(broker, self, self.wake_at, waited_for)
        self.writer = SimulatedLogWriter(broker, self, self.wake_at)
        letters = SetAside(self.process(), self.writer, self.kind)
        observer = DeciderObserver(
            letters,
            lambda *told: self.on_owned(self, *told),
            lambda *begun: self.on_loaded(self, *begun),
        )
        index = int(self.name.rpartition("-")[2])
        place = Place(
            log,
            PARTITIONS,
            self.name,
            index,
            _SLOTS[self.kind],
            snapshot_every=SNAPSHOT_EVERY,
        )
        make = self._router if routes else self._dispatcher
        self.decider = make(place, inputs, observer, doubles)

    def _router(
        self, place: Place, inputs: Inputs, observer: DeciderObserver, doubles: Doubles
    ) -> Decider[Any, Any]:
        orders = Orders(policy_offset_ms=0)
        live = LiveOrders(orders, _METRICS)
        world = World(self.reader, self.writer, self.clock, self.ids, observer, live.take)
        return doubles.decider(
            place,
            inputs,
            lambda _: doubles.rulings(orders),
            RouterCodec(),
            SeenCodec(),
            world,
        )

    def _dispatcher(
        self, place: Place, inputs: Inputs, observer: DeciderObserver, doubles: Doubles
    ) -> Decider[Any, Any]:
        world = World(self.reader, self.writer, self.clock, self.ids, observer)
        return doubles.decider(
            place, inputs, doubles.floor, DispatcherCodec(PARTITIONS), FloorCodec(), world
        )

    @override
    def turn(self) -> None:
        self.busy = True
        try:
            self.decider.turn()
        except CrashedError:
            return
        except PromiseBrokenError as error:
            self.on_exit(self, error)
            return
        except Exception as error:  # noqa: BLE001 (a bug: judged by whoever runs the world)
            self.on_exit(self, error)
            return
        finally:
            self.busy = False
        self.on_turned(self)
        self.wake_at(self.scheduler.now_ms + self.chance.randrange(*_IDLE_MS))

    @override
    def kill(self) -> None:
        super().kill()
        self.reader.close()
        self.writer.drop()

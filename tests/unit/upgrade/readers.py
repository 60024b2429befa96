"""Every reader of a fenced log, as something that reads a log to its end and says what it knows."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import Protocol

from seatline.facts.v1 import facts_pb2
from seatline.rulings.v1 import rulings_pb2
from services.cli.adapters.fenced import counting
from services.cli.errors import NotDoneError
from services.dispatcher.adapters import topics
from services.dispatcher.adapters.codec import DispatcherCodec
from services.dispatcher.adapters.floor_codec import FloorCodec
from services.dispatcher.domain.limits import Limits
from services.dispatcher.handlers import FloorHandler
from services.dispatcher.wiring import INPUTS as DISPATCHER_INPUTS
from services.gateway.domain.bindings import Binding
from services.gateway.domain.values import Nonce, SessionId, StreamId
from services.recorder.adapters.kafka_in import FACTS_TOPIC, RULINGS_TOPIC
from services.recorder.handlers import RecordBatchHandler
from services.router.adapters.log_codec import RouterCodec
from services.router.adapters.seen_codec import SeenCodec
from services.router.handlers import Orders, RulingHandler
from services.router.wiring import INPUTS as ROUTER_INPUTS
from services.runtime.errors import PromiseBrokenError
from tests.checker.check import check
from tests.checker.history import CannotCheckError, Record
from tests.fakes.log_book import InMemoryLogBook
from tests.fakes.tally import LOG
from tests.support.checked_history import FrozenHistory
from tests.support.recorder_logs import LogWriter
from tests.support.recorder_world import FakeWorld, ids, source_of
from tests.unit.gateway.rig import Rig, settings
from tests.unit.runtime.town import Slot, Town

Stopped = (PromiseBrokenError, NotDoneError, CannotCheckError)
"""How a process, a command and the checker say that they do not go on."""


class Reader(Protocol):
    """Reads one partition of one topic."""

    topic: str

    def read(self, log: LogWriter) -> None:
        """Read a log from where it stands to the end, or raise one of `Stopped`."""

    def known(self) -> set[str]:
        """Give the contacts that it has taken over into what it knows."""


class _Decider:
    """A slot of a decider that follows its own log, beside the owner who writes it."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        routes = topic == RULINGS_TOPIC
        self._town = Town(1, ROUTER_INPUTS if routes else DISPATCHER_INPUTS, snapshot_every=2)
        self._town.clock.offset = 1_770_000_000_000
        self._slot: Slot | None = None
        self._written = 0

    def read(self, log: LogWriter) -> None:
        for value in log.values[self._written :]:
            self._town.broker.append((LOG, 0), value)
        self._written = len(log.values)
        self._slot = self._slot or self._start()
        self._town.turn(self._slot, times=10)

    def _start(self) -> Slot:
        if self.topic == RULINGS_TOPIC:
            orders = Orders(policy_offset_ms=0)
            new_core: Callable[[int], RulingHandler] = lambda _: RulingHandler(orders, 86_400_000)  # noqa: E731
            return self._town.start(1, new_core, codec=RouterCodec(), state=SeenCodec())
        floors: Callable[[int], FloorHandler] = lambda _: FloorHandler(Limits())  # noqa: E731
        return self._town.start(1, floors, codec=DispatcherCodec(2), state=FloorCodec())

    def known(self) -> set[str]:
        if self._slot is None:
            return set()
        core = self._slot.decider.partitions[0].core
        if isinstance(core, FloorHandler):
            return {contact_id for contact_id, _ in core.floor.contacts}
        assert isinstance(core, RulingHandler)
        return {key.rpartition("/")[0] for each in core.seen.slices() for key in each.keys}


class _DispatcherOfRulings:
    """A dispatcher that owns its partition and queues what a newer router routes to it."""

    topic = RULINGS_TOPIC

    def __init__(self) -> None:
        self._town = Town(1, DISPATCHER_INPUTS)
        self._slot = self._town.start(
            0, lambda _: FloorHandler(Limits()), codec=DispatcherCodec(2), state=FloorCodec()
        )
        self._town.turn(self._slot, times=10)
        self._written = 0

    def read(self, log: LogWriter) -> None:
        for value in log.values[self._written :]:
            self._town.broker.append((topics.RULINGS, 0), value)
        self._written = len(log.values)
        self._town.turn(self._slot, times=10)

    def known(self) -> set[str]:
        records = self._town.broker.records((LOG, 0))
        facts = [fact for each in records for fact in DispatcherCodec(2).entries(each.value)]
        return {fact.contact.contact_id for fact in facts if hasattr(fact, "contact")}


class _Gateway:
    """A gateway at whose door a session sits: facts concern it."""

    topic = FACTS_TOPIC

    def __init__(self) -> None:
        self._rig = asyncio.run(_rig())
        self._written = 0

    def read(self, log: LogWriter) -> None:
        for value in log.values[self._written :]:
            self._rig.broker.append(log.tp, value)
        self._written = len(log.values)
        for _ in range(5):
            self._rig.read()

    def known(self) -> set[str]:
        # It keeps nothing of contacts: how far it read is all.
        stands_at = next(
            at for number, at, _ in self._rig.running.progress.facts_read() if not number
        )
        read = self._rig.broker.records((FACTS_TOPIC, 0))[:stands_at]
        return _named(FACTS_TOPIC, (each.value for each in read))


async def _rig() -> Rig:
    rig = Rig(settings(Path(mkdtemp(prefix="seatline-rig-"))), window=4)
    binding = Binding(SessionId("S-1"), Nonce(b"n" * 16), StreamId(1), 0, "C001", ("hi",))
    rig.sessions.bindings.open(binding)
    return rig


class _Recorder:
    """A recorder that keeps rows and positions."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self._world = FakeWorld()

    def read(self, log: LogWriter) -> None:
        asyncio.run(self._record(log))

    async def _record(self, log: LogWriter) -> None:
        store, source = self._world.store(), source_of(log)
        await source.start(await store.claim(ids([log]), None))
        while (reading := await source.gather(5_000)).advances:
            await RecordBatchHandler(store)(reading)

    def known(self) -> set[str]:
        rows = asyncio.run(self._world.rows("decision"))
        return {str(row["contact_id"]) for row in rows}


class _Command:
    """A command that reads a log by the reader rule: audit, explain, waiting for an order."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self._known: set[str] = set()

    def read(self, log: LogWriter) -> None:
        book = InMemoryLogBook(partitions=1)
        for value in log.values:
            book.put(self.topic, 0, value)
        for judged in counting(book, self.topic, {0: len(log.values)}):
            self._known |= _named(self.topic, [judged.arrived.value])

    def known(self) -> set[str]:
        return self._known


class _Checker:
    """The independent checker."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self._known: set[str] = set()

    def read(self, log: LogWriter) -> None:
        records = [Record(at, 1_770_000_000_000, value) for at, value in enumerate(log.values)]
        check(FrozenHistory(1, {log.tp: records}, None, [], {}, []))
        self._known = _named(self.topic, log.values)

    def known(self) -> set[str]:
        return self._known


def _named(topic: str, values: Iterable[bytes]) -> set[str]:
    """Give the contacts that are queued or routed in records."""
    named = set()
    for value in values:
        if topic == FACTS_TOPIC:
            facts = facts_pb2.FactRecord.FromString(value).facts
            named |= {fact.queued.contact.contact_id for fact in facts}
        else:
            rulings = rulings_pb2.RulingRecord.FromString(value).rulings
            named |= {ruling.contact.contact_id for ruling in rulings}
    return named - {""}


PROCESSES: Mapping[str, Callable[[], Reader]] = {
    "router": lambda: _Decider(RULINGS_TOPIC),
    "dispatcher": lambda: _Decider(FACTS_TOPIC),
    "dispatcher, of rulings": _DispatcherOfRulings,
    "gateway": _Gateway,
    "recorder, of rulings": lambda: _Recorder(RULINGS_TOPIC),
    "recorder, of facts": lambda: _Recorder(FACTS_TOPIC),
}
TOOLS: Mapping[str, Callable[[], Reader]] = {
    "commands, of rulings": lambda: _Command(RULINGS_TOPIC),
    "commands, of facts": lambda: _Command(FACTS_TOPIC),
    "checker, of rulings": lambda: _Checker(RULINGS_TOPIC),
    "checker, of facts": lambda: _Checker(FACTS_TOPIC),
}
READERS = {**PROCESSES, **TOOLS}

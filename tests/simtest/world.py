"""One seed's world: broker, processes, desks, and what goes wrong among them."""

from bisect import bisect_left
from collections import defaultdict
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any

from seatline.log.v1 import log_pb2
from services.dispatcher.adapters import topics
from services.dispatcher.domain import facts
from services.gateway.domain.progress import AT_END_WITHIN_MS
from services.router.adapters.topics import CONTACTS
from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.header import FencePoint, Header, to_proto
from services.runtime.fenced_log.wishes import Request
from services.runtime.log_port import Arrived
from services.simulator.domain.calls import Attempt
from tests.fakes.outcome_store import InMemoryTables
from tests.simtest import checks
from tests.simtest.deciders import PARTITIONS, DeciderNode, Doubles
from tests.simtest.desks import Desk, Floor
from tests.simtest.doors import GatewayNode, write_secrets
from tests.simtest.faults import FaultBook
from tests.simtest.log import SimulatedBroker, SimulatedLogWriter
from tests.simtest.node import MachineClock, Node
from tests.simtest.numbers import watch
from tests.simtest.plan import CALM_MS, DESKS, SESSIONS, SLOTS, Plan
from tests.simtest.promises import BrokenPromiseError
from tests.simtest.recorders import RecorderNode
from tests.simtest.scheduler import Scheduler
from tests.simtest.source import Source
from tests.simtest.store import SimulatedOutcomeStore, StoreFaults
from tests.simtest.story import Storyteller
from tests.simtest.truth import Truth

_TOPICS = (topics.RULINGS, topics.FACTS, topics.COMMANDS, CONTACTS)
_AGAIN_MS = 300
_EXITS = (
    "not acknowledged",
    "not read back within",
    "from the broker's",
    "another recorder",
    "not where it was left",
)
"""What a process may end with by itself: all of them name somebody else, or the clock."""


class World:
    """Everything of one seed; `run` plays it to its end."""

    def __init__(self, plan: Plan, secrets: Path, doubles: Doubles, story: Storyteller) -> None:
        self.plan = plan
        self.scheduler = Scheduler()
        self.machine = MachineClock(self.scheduler)
        self.broker = SimulatedBroker(self.scheduler, self.machine)
        self.truth = Truth()
        self.loads = 0
        """How many folds began at a snapshot."""
        self._facts_at_ms: defaultdict[int, list[int]] = defaultdict(list)
        self.digest = blake2b(digest_size=16)
        self.story = story
        self.doubles = doubles
        self.tables = InMemoryTables()
        self.store_faults = StoreFaults()
        self.nodes: dict[str, Any] = {}
        """The newest life of each slot."""
        self._all_lives: list[Any] = []
        self.faults = FaultBook(self)
        self.exits: list[str] = []
        self.last_unsealed = next(iter(SESSIONS))
        """Session that a gateway was last about to show a number to."""
        self._settings = write_secrets(secrets)
        self._lives: dict[str, int] = {}
        for topic in _TOPICS:
            for number in range(PARTITIONS):
                self.broker.log((topic, number))
        for topic in (topics.MAP, topics.SUPPRESSIONS):
            self.broker.log((topic, 0))
        self.broker.on_append.append(self._appended)
        self.source = self._source()
        self.floor = Floor(
            self.scheduler, self.machine, str(plan.seed), self.doors, self._dialled, self.tell
        )
        self.desks = {
            f"desk-{n}": Desk(n, self.floor, self.stream(f"desk-{n}")) for n in range(DESKS)
        }

    def stream(self, name: str) -> Random:
        """Return the chance of one part, so that another part's use does not move it."""
        return Random(f"{self.plan.seed}/{name}")

    def tell(self, what: str) -> None:
        """Add a line to the story, if one is told."""
        self.story.line(self.scheduler.now_ms, what)

    def begin(self) -> None:
        """Set everything up and put the plan into the queue."""
        scheduler = self.scheduler
        self.source.publish()
        for name in SLOTS:
            scheduler.at(5, self.start, name)
        for session_id, (number, centre_id) in SESSIONS.items():
            self.desks[f"desk-{number}"].seat(session_id, centre_id)
        for desk in self.desks.values():
            scheduler.at(300 + 40 * desk.number, desk.connect)
        for contact in self.plan.contacts:
            scheduler.at(contact.at_ms, self.source.send, contact)
        for order in self.plan.orders:
            scheduler.at(order.at_ms, self.source.order, order)
        for fault in self.plan.faults:
            scheduler.at(fault.at_ms, self.faults.begin, fault)
        scheduler.at(CALM_MS, self._calm)
        scheduler.after_step = self._after_step

    def ask(self, tp: tuple[str, int], request: Request) -> None:
        """Append a request to a fenced log, as somebody does who has read it."""
        point = FencePoint(0, self.stream(f"ask/{self.scheduler.now_ms}").randbytes(16), 0)
        header = Header(point, self.truth.logs[tp].at_ms, control=request)
        self.broker.append(tp, log_pb2.Envelope(header=to_proto(header)).SerializeToString())

    # --- processes -------------------------------------------------------------------------------

    def start(self, name: str) -> None:
        """Start a slot, unless it runs; a recorder may be started beside a paused one."""
        node = self.nodes.get(name)
        if node is not None and node.alive and not (node.kind == "recorder" and node.paused):
            return
        life = self._lives[name] = self._lives.get(name, 0) + 1
        kind = {"gateway": GatewayNode, "recorder": RecorderNode}.get(
            name.partition("-")[0], DeciderNode
        )
        made: Any = kind(
            name, self.scheduler, self.machine, self.stream(f"{name}/{life}"), self.faults.strike
        )
        made.on_exit = self._exited
        self.nodes[name] = made
        self._all_lives.append(made)
        self._open(made)
        self.faults.arm_again(made)

    def _open(self, node: Any) -> None:
        match node:
            case GatewayNode():
                node.open(self.broker, self.doubles, self._settings)
                watch(self, node)
            case RecorderNode():
                node.open(self.broker, self._store)
            case _:
                node.on_turned = lambda turned: checks.readers_agree(self, turned)
                node.on_owned = self._owned
                node.on_loaded = self._loaded
                node.open(self.broker, self.doubles)

    def _store(self, node: Node) -> SimulatedOutcomeStore:
        make = self.doubles.store or SimulatedOutcomeStore
        store: SimulatedOutcomeStore = make(self.tables, node, self.store_faults)
        store.committed = lambda: checks.rows_follow(self)
        return store

    def end(self) -> None:
        """End every process."""
        for node in self._all_lives:
            if node.alive:
                node.kill()

    def crash(self, node: Any, restart_after_ms: int) -> None:
        """End a process at once, and start its slot again later."""
        if not node.alive:
            return
        node.kill()
        for desk in self.desks.values():
            desk.gateway_died(node)
        self.scheduler.after(restart_after_ms, self.start, node.name)

    def _exited(self, node: Any, error: BaseException | None) -> None:
        """Judge why a process ended by itself."""
        why = f"{type(error).__name__}: {error}"
        self.tell(f"{node.name} ends itself: {error}")
        if isinstance(error, BrokenPromiseError):
            self.scheduler.failure = error
        elif not isinstance(error, PromiseBrokenError) or not any(e in why for e in _EXITS):
            self.scheduler.failure = BrokenPromiseError("process_ended", f"{node.name}: {why}")
        self.exits.append(why)
        self.crash(node, self.stream(f"again/{len(self.exits)}").randrange(50, 1_500))

    def _owned(self, node: Node, partition: int, owned: bool, epoch: int) -> None:
        what = "takes" if owned else "loses"
        log = "rulings" if node.kind == "router" else "facts"
        self.tell(f"{node.name} {what} {log}/{partition} (epoch {epoch})")

    def _loaded(self, node: Node, partition: int, covered: int, end: int) -> None:
        self.loads += 1
        log = "rulings" if node.kind == "router" else "facts"
        self.tell(f"{node.name} begins {log}/{partition} behind a snapshot, {covered} of {end}")

    def doors(self) -> list[GatewayNode]:
        """Return the gateways that can be connected to now."""
        found = [self.nodes.get(name) for name in SLOTS if name.startswith("gateway")]
        return [node for node in found if node is not None and node.alive]

    def _source(self) -> Source:
        source = Source("source-0", self.scheduler, self.machine, self.stream("source"), _nothing)
        source.told = self.tell
        source.open(SimulatedLogWriter(self.broker, source, source.wake_at))
        return source

    def second_desk(self, session_id: str, pick: int) -> Desk | None:
        """Seat a session at a second desk."""
        number, centre_id = SESSIONS[session_id]
        desk = self.desks[f"desk-{(number + 1 + pick % (DESKS - 1)) % DESKS}"]
        if session_id in desk.callers:
            return None
        desk.seat(session_id, centre_id)
        return desk

    # --- what is seen ----------------------------------------------------------------------------

    def _appended(self, record: Arrived) -> None:
        self.digest.update(
            f"{record.topic}/{record.partition}@{record.offset}:{record.appended_at_ms}".encode()
        )
        self.digest.update(_ordered(record))
        if record.topic == topics.FACTS:
            self._facts_at_ms[record.partition].append(self.scheduler.now_ms)
        try:
            self.truth.hear(record)
        except BrokenPromiseError as error:
            self.scheduler.failure = error
        except PromiseBrokenError as error:  # the reader rule itself
            self.scheduler.failure = BrokenPromiseError("log_rule", str(error))

    def facts_due(self, partition: int) -> int:
        """Return how many facts of a partition whoever is at their end has read by now."""
        at_ms = self._facts_at_ms[partition]
        return bisect_left(at_ms, self.scheduler.now_ms - AT_END_WITHIN_MS)

    def _after_step(self) -> None:
        truth = self.truth
        if truth.told:
            for tp, offset, header, entries, counts in truth.told:
                self.story.record(self.scheduler.now_ms, tp, offset, header, entries, counts)
            truth.told.clear()
        if truth.freed:
            for key, fact in truth.freed:
                self.source.feed(key, fact, self.source.chance)
            truth.freed.clear()

    def late_ms(self, attempt: facts.Attempt) -> int:
        """Return how long after its `dial_by` it is; negative before it.

        Once the broker's clock was stepped, a process that stood still meanwhile cannot know how
        late it is: then numbers are judged by what they lead to.
        """
        if self.machine.stepped:
            return -1
        return self.truth.promises.lateness_ms(attempt, self.machine.wall_ms())

    def _dialled(self, session_id: str, attempt: Attempt) -> None:
        self.tell(f"{session_id} dials {attempt.contact_id}/{attempt.release}")
        try:
            self.truth.promises.dial(session_id, facts.Attempt(*attempt), self.machine.true_ms())
        except BrokenPromiseError as error:
            self.scheduler.failure = error

    def _calm(self) -> None:
        """Let nothing go wrong from here on; everybody is there, and brief."""
        self.tell("from here on nothing goes wrong")
        self.floor.closing = True
        self.store_faults.slow_ms, self.store_faults.away = 0, False
        for name in SLOTS:
            self.scheduler.after(_AGAIN_MS, self.start, name)


def _ordered(record: Arrived) -> bytes:
    """Return a record as the same run has it every time: a snapshot has sets, in any order."""
    if record.topic in (topics.FACTS, topics.RULINGS):
        envelope = log_pb2.Envelope.FromString(record.value)
        if envelope.header.HasField("snapshot_chunk"):
            return b"%d" % len(record.value)
    return record.value


def _nothing(node: Node, point: str) -> None:
    del node, point

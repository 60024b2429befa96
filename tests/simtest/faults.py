"""What goes wrong, and where: armed by the plan, struck at a port call or an await."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from services.dispatcher.adapters import topics
from services.runtime.fenced_log.wishes import HandOver, Request
from tests.simtest.deciders import PARTITIONS
from tests.simtest.log import SimulatedLogReader, SimulatedLogWriter
from tests.simtest.node import Node
from tests.simtest.plan import CALM_MS, STRIKES, Fault

if TYPE_CHECKING:
    from tests.simtest.world import World

RELAX_MS = 3_000
"""A point that is not reached for so long is replaced by the next one that is."""
_BROKER_STEPS_MS = (-40_000, 1_500)
"""Back by more than every wait; forward by less than every limit: what a limit guards ends when the
broker's clock says so, and a step beyond it is time that has gone by (docs/reliability.md)."""
_HOUR_MS = 3_600_000
_AWAITS_PASSED = 24
_SPARE_RECORDER_MS = 1_000
_FENCED = ("router", "dispatcher")
_CROSSING_MS, _TAKEOVER_MS = 500, 7_000
_LEAVES_WITHIN_MS = 1_000
_NOTICED_MS = 100
"""So long after its end a stream that ends unsaid is noticed by its gateway alone (rule 4.7)."""
_GUEST_MS = 2_000
"""How long somebody stays at a second desk."""


class FaultBook:
    """Begins each fault at its time and counts what really happened."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._armed: dict[str, list[tuple[int, Fault]]] = {}
        self._passed: Counter[Fault] = Counter()
        self.by_kind: Counter[str] = Counter()
        self.points: Counter[str] = Counter()
        """Strikes by `kind of process @ point`."""
        self._begin: dict[str, Callable[[Fault], None]] = {
            **dict.fromkeys((*STRIKES, "lost_ack"), self._arm),
            "duplicate": self._duplicate,
            "reorder": self._reorder,
            "delay": self._delay,
            "slow_store": self._slow_store,
            "store_away": self._store_away,
            "lost_commit": self._lost_commit,
            "clock_step": self._clock_step,
            "broker_clock": self._broker_clock,
            "stall": self._stall,
            "cut": self._cut,
            "vanish": self._vanish,
            "twice": self._twice,
            "hand_over": self._hand_over,
            "leave": self._leave,
        }

    def begin(self, fault: Fault) -> None:
        """Let a fault begin."""
        self._begin[fault.kind](fault)

    def _note(self, fault: Fault, what: str) -> None:
        self.by_kind[fault.kind] += 1
        self._world.tell(f"FAULT {fault.kind}: {what}")

    # --- at a point ------------------------------------------------------------------------------

    def _arm(self, fault: Fault) -> None:
        since_ms = self._world.scheduler.now_ms
        self._armed.setdefault(fault.target, []).append((since_ms, fault))
        node = self._world.nodes.get(fault.target)
        if node is not None:
            node.armed = True

    def arm_again(self, node: Node) -> None:
        """Have what waits for a slot strike its next life."""
        node.armed = bool(self._armed.get(node.name))

    def strike(self, node: Node, point: str) -> None:
        """Let happen what waits for this point."""
        now_ms = self._world.scheduler.now_ms
        if self._world.nodes.get(node.name) is not node:
            return
        if now_ms >= CALM_MS:
            self._armed.clear()
        for armed in list(self._armed.get(node.name, ())):
            since_ms, fault = armed
            waiting = self._armed.get(node.name, [])
            met = self._is_met(fault, point) or now_ms - since_ms > RELAX_MS
            if met and armed in waiting:  # what was hit before may have taken long
                waiting.remove(armed)
                self._hit(node, point, fault)
                if not node.alive:
                    break
        node.armed = bool(self._armed.get(node.name))

    def _is_met(self, fault: Fault, point: str) -> bool:
        if fault.point != "await":
            return fault.point == point
        if not point.startswith("await "):
            return False
        # Any of the next awaits: some kinds of them are many, and the first would always be one.
        self._passed[fault] += 1
        return self._passed[fault] > fault.pick % _AWAITS_PASSED

    def _hit(self, node: Node, point: str, fault: Fault) -> None:
        if fault.kind == "lost_ack":
            self._lose_ack(node, fault)
            return
        if fault.kind == "twice":
            self._sit_twice(fault, self._world.last_unsealed)
            node.pause(fault.length_ms)
            return
        self.points[f"{node.kind} @ {point}"] += 1
        if fault.kind != "pause" and node.kind in _FENCED and fault.pick % 4:
            self._slow_the_others(node)
        seconds = f"{fault.length_ms / 1000:.1f} s"
        if fault.kind == "crash":
            self._note(fault, f"{node.name} is killed at {point}, starts again in {seconds}")
            self._world.crash(node, fault.length_ms)
            return
        self._note(fault, f"{node.name} stands still at {point} for {seconds}")
        if node.kind == "recorder" and fault.kind == "zombie":
            self._world.scheduler.after(_SPARE_RECORDER_MS, self._world.start, node.name)
        node.pause(fault.length_ms)
        self._world.tell(f"{node.name} goes on")

    def _slow_the_others(self, owner: Node) -> None:
        """Let those who will want what an owner had send slowly: their fences may cross."""
        for node in self._world.nodes.values():
            if node.kind == owner.kind and node is not owner and node.alive:
                writer: SimulatedLogWriter = node.writer
                writer.slow_ms = _CROSSING_MS
                self._world.scheduler.after(_TAKEOVER_MS, setattr, writer, "slow_ms", 0)

    def _lose_ack(self, node: Node, fault: Fault) -> None:
        writer: SimulatedLogWriter = node.writer
        writer.lose_next = "lost" if fault.pick % 2 else "never"
        became = "is appended" if fault.pick % 2 else "is not appended"
        self._note(fault, f"{node.name} sends a record that {became}, and hears nothing")

    # --- for a while -----------------------------------------------------------------------------

    def _until(self, fault: Fault, undo: Callable[[], None]) -> None:
        self._world.scheduler.after(fault.length_ms, undo)

    def _duplicate(self, fault: Fault) -> None:
        self._world.source.send_again(fault.pick)
        self._note(fault, "the source sends a contact again")

    def _reorder(self, fault: Fault) -> None:
        node = self._world.nodes.get(fault.target)
        if node is None:
            return
        reader: SimulatedLogReader = node.reader
        tps = sorted(self._world.broker.partitions)
        tp = tps[fault.pick % len(tps)]
        until_ms = self._world.scheduler.now_ms + fault.length_ms
        reader.lags_ms[tp] = (fault.length_ms // 2, until_ms)
        self._note(fault, f"{node.name} reads {tp[0]}/{tp[1]} late, the others in time")

    def _delay(self, fault: Fault) -> None:
        desk = self._world.desks.get(fault.target)
        node = self._world.nodes.get(fault.target)
        slow: Any = desk.call if desk is not None else getattr(node, "writer", None)
        if slow is None:
            return
        slow.slow_ms = fault.length_ms // 2
        self._until(fault, lambda: setattr(slow, "slow_ms", 0))
        self._note(fault, f"what {fault.target} sends takes {slow.slow_ms} ms")

    def _slow_store(self, fault: Fault) -> None:
        store = self._world.store_faults
        store.slow_ms = fault.length_ms
        self._until(fault, lambda: setattr(store, "slow_ms", 0))
        self._note(fault, f"the store takes {fault.length_ms} ms")

    def _store_away(self, fault: Fault) -> None:
        store = self._world.store_faults
        store.away = True
        self._until(fault, lambda: setattr(store, "away", False))
        self._note(fault, f"the store is away for {fault.length_ms} ms")

    def _lost_commit(self, fault: Fault) -> None:
        self._world.store_faults.lose_commit = True
        self._note(fault, "the answer to the next COMMIT is lost")

    def _clock_step(self, fault: Fault) -> None:
        node = self._world.nodes.get(fault.target)
        if node is None:
            return
        clock = node.clock
        clock.step_ms = _HOUR_MS if fault.pick % 2 else -_HOUR_MS
        self._until(fault, lambda: setattr(clock, "step_ms", 0))
        self._note(fault, f"{node.name}'s clock is an hour off")

    def _broker_clock(self, fault: Fault) -> None:
        machine = self._world.machine
        step_ms = _BROKER_STEPS_MS[fault.pick % 2]
        machine.step(machine.step_ms + step_ms)
        self._note(fault, f"the clock of broker and processes is stepped by {step_ms} ms")

    def _stall(self, fault: Fault) -> None:
        broker = self._world.broker
        tps = sorted(broker.partitions)
        everybody = fault.pick % 3 == 0
        chosen = tps if everybody else [tps[fault.pick % len(tps)]]
        broker.stall(chosen, self._world.scheduler.now_ms + fault.length_ms)
        names = "the broker" if everybody else f"the leader of {chosen[0][0]}/{chosen[0][1]}"
        self._note(fault, f"{names} answers nobody for {fault.length_ms} ms")

    # --- planned changes of owner ----------------------------------------------------------------

    def _hand_over(self, fault: Fault) -> None:
        routes = fault.target.startswith("router")
        tp = (topics.RULINGS if routes else topics.FACTS, fault.pick % PARTITIONS)
        by_itself = fault.target if fault.pick % 3 == 0 else ""
        self._note(fault, f"{tp[0]}/{tp[1]} is to go to {fault.target}")
        self._world.ask(tp, Request(by_itself or "ann", "", HandOver(fault.target), by_itself))

    def _leave(self, fault: Fault) -> None:
        node = self._world.nodes.get(fault.target)
        if node is None or not node.alive:
            return
        self._note(fault, f"{node.name} is asked to stop")
        node.decider.leave()
        self._world.scheduler.after(_LEAVES_WITHIN_MS, self._world.crash, node, fault.length_ms)

    # --- at the desks ----------------------------------------------------------------------------

    def _cut(self, fault: Fault) -> None:
        call = self._world.desks[fault.target].call
        if call is None:
            return
        desk_ms, server_ms = fault.pick % 800, fault.pick // 1_000
        call.cut(desk_ms, server_ms)
        self._note(
            fault, f"{fault.target}'s stream breaks; it notices in {desk_ms} ms, "
            f"the gateway in {server_ms} ms"
        )  # fmt: skip
        if fault.pick % 2:
            call.node.mute_until_ms = self._world.scheduler.now_ms + server_ms + _NOTICED_MS
            gone = self._world.desks[fault.target].lose_one(fault.pick)
            self._note(replace(fault, kind="unsaid"), f"the gateway says nothing, {gone} is gone")

    def _vanish(self, fault: Fault) -> None:
        self._note(fault, f"{fault.target} loses all it knows")
        self._world.desks[fault.target].vanish()

    def _twice(self, fault: Fault) -> None:
        if fault.point:
            self._arm(fault)
        else:
            self._sit_twice(fault, fault.target)

    def _sit_twice(self, fault: Fault, session_id: str) -> None:
        desk = self._world.second_desk(session_id, fault.pick)
        if desk is None:
            return
        self._note(fault, f"{session_id} signs in at desk-{desk.number}, too")
        self._world.scheduler.after(_GUEST_MS, desk.leave, session_id)

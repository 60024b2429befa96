"""Simulated parts as somebody uses them who stands outside of the scheduler: calls take time."""

from random import Random

from typing_extensions import override

from services.runtime.log_port import Arrived
from tests.fakes.outcome_store import InMemoryTables
from tests.simtest.log import SimulatedBroker, SimulatedLogReader, SimulatedLogWriter
from tests.simtest.node import MachineClock, Node
from tests.simtest.scheduler import Scheduler
from tests.simtest.store import SimulatedOutcomeStore, StoreFaults


class DrivenReader(SimulatedLogReader):
    """Waits in `poll` as the real one does, while everything else goes on."""

    @override
    def poll(self, timeout_s: float) -> list[Arrived]:
        scheduler = self._broker.scheduler
        scheduler.run_until(scheduler.now_ms + int(timeout_s * 1000))
        return super().poll(timeout_s)


class DrivenLog:
    """A simulated broker and one process that uses it."""

    def __init__(self) -> None:
        self.scheduler = Scheduler()
        self.machine = MachineClock(self.scheduler)
        self.broker = SimulatedBroker(self.scheduler, self.machine)
        self.node = lone_node(self.scheduler, self.machine)

    def reader(self) -> DrivenReader:
        return DrivenReader(self.broker, self.node)

    def writer(self) -> SimulatedLogWriter:
        return SimulatedLogWriter(self.broker, self.node, lambda _: None)


def lone_node(scheduler: Scheduler, machine: MachineClock) -> Node:
    """Return a process that nothing happens to."""
    return Node("lone-0", scheduler, machine, Random("lone"), lambda *_: None)


def driven_store(tables: InMemoryTables) -> SimulatedOutcomeStore:
    """Return a store whose waits are those of the loop that it is used in."""
    scheduler = Scheduler()
    node = lone_node(scheduler, MachineClock(scheduler))
    return SimulatedOutcomeStore(tables, node, StoreFaults())

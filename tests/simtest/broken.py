"""Parts with one rule broken each: what the simulation must find within a number of seeds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from typing_extensions import override

from services.dispatcher.domain import inputs
from services.dispatcher.domain.facts import Fact
from services.dispatcher.handlers import FloorHandler
from services.gateway.domain.unsealing import Step, Voided
from services.gateway.wiring import Gateway
from services.recorder.domain.batch import BatchRows
from services.recorder.domain.entries import Partition
from services.recorder.ports import Advance, Recorded
from services.router.domain.ruling import Ruling
from services.router.handlers import RulingHandler
from services.runtime.fenced_log.decider import Decider
from services.runtime.fenced_log.header import Header
from services.runtime.fenced_log.partition import Partition as OwnPartition
from services.runtime.fenced_log.reader import FencedReader, Verdict
from tests.simtest.deciders import DEDUPE_WINDOW_MS, LIMITS, Doubles
from tests.simtest.store import SimulatedOutcomeStore


def showing_whatever_the_time(gateway: Gateway) -> None:
    """Break rule 5.1: show a number when the announcement is acknowledged, however late."""
    unsealer = gateway.running.unsealer

    def announced(case: Any, sent_mono_ms: int, outcome: object) -> None:
        del sent_mono_ms, outcome
        if case.step is Step.ANNOUNCED:
            case.step = Step.OVER
            unsealer._show(case)

    unsealer._announced = announced  # type: ignore[method-assign]


def showing_to_old_generations(gateway: Gateway) -> None:
    """Break rule 5.1: go on with a CONFIRM when a higher generation was read."""
    unsealer = gateway.running.unsealer
    void = unsealer.void

    def voided(binding: Any, why: Voided) -> None:
        if why is not Voided.HIGHER_GENERATION:
            void(binding, why)

    unsealer.void = voided  # type: ignore[method-assign]


def showing_the_withdrawn(gateway: Gateway) -> None:
    """Break rule 4.3: forget what was withdrawn or stopped."""
    prohibitions: Any = gateway.running.unsealer.prohibitions
    prohibitions.why_not = lambda _: None


class LenientReader(FencedReader):
    """Breaks rule 1.4: accepts what it should drop."""

    forgives: Verdict

    @override
    def accept(self, header: Header) -> Verdict:
        verdict = super().accept(header)
        if verdict is not self.forgives:
            return verdict
        self.point = header.point
        return Verdict.ACCEPTED


class AcceptingLosers(Decider[Any, Any]):
    """Reads records of a fence that lost to an earlier one of the same epoch."""

    forgives = Verdict.OTHER_OWNER

    @override
    def _new_partition(self, number: int) -> OwnPartition[Any, Any]:
        partition = super()._new_partition(number)
        reader = LenientReader(partition._reader.name)
        reader.forgives = self.forgives
        partition._reader = reader
        return partition


class AcceptingZombies(AcceptingLosers):
    """Reads records of an epoch that is over."""

    forgives = Verdict.LOWER_EPOCH


class TimelessFloor(FloorHandler):
    """Confirms an offer whose lease is over."""

    @override
    def decide(self, item: Any, moment: Any) -> Sequence[Fact]:
        return super().decide(item, replace(moment, now_ms=0))


class DigestsUnread(FloorHandler):
    """Breaks rule 4.7: takes every gateway at its silence."""

    @override
    def decide(self, item: Any, moment: Any) -> Sequence[Fact]:
        if isinstance(item, inputs.Commanded) and isinstance(item.command, inputs.GatewayAlive):
            item = replace(item, command=inputs.GatewayAlive(item.command.facts_offset))
        return super().decide(item, moment)


class ForgetfulRulings(RulingHandler):
    """Breaks rule 3.3: remembers no release."""

    @override
    def evolve(self, entries: Sequence[Ruling], at_ms: int) -> None:
        """Remember nothing."""

    @override
    def decide(self, item: Any, moment: Any) -> Sequence[Ruling]:
        self.seen._slices.clear()
        return super().decide(item, moment)


class EarlyStore(SimulatedOutcomeStore):
    """Breaks rule 6.1: the positions first, and the rows a little later."""

    @override
    async def record(self, advances: Mapping[Partition, Advance], rows: BatchRows) -> Recorded:
        node = self._node

        def write() -> None:
            if node.alive:
                self._write(rows)

        self.tables.positions.update((tp, step.after) for tp, step in advances.items())
        node.scheduler.after(20, write)
        return await super().record({}, BatchRows())


class OpenStore(SimulatedOutcomeStore):
    """Breaks rule 6.1: does not look whether another recorder has taken over."""

    @override
    async def record(self, advances: Mapping[Partition, Advance], rows: BatchRows) -> Recorded:
        for tp, step in advances.items():
            self.tables.positions[tp] = step.before
        return await super().record(advances, rows)


def _floor(kind: type[FloorHandler]) -> Callable[[int], FloorHandler]:
    return lambda _: kind(LIMITS)


BROKEN: dict[str, Doubles] = {
    "dial_by ignored": Doubles(gateway=showing_whatever_the_time),
    "higher generation ignored": Doubles(gateway=showing_to_old_generations),
    "withdrawals ignored": Doubles(gateway=showing_the_withdrawn),
    "equal-epoch loser accepted": Doubles(decider=AcceptingLosers),
    "fence ignored": Doubles(decider=AcceptingZombies),
    "digests unread": Doubles(floor=_floor(DigestsUnread)),
    "lease ignored": Doubles(floor=_floor(TimelessFloor)),
    "dedupe dropped": Doubles(rulings=lambda orders: ForgetfulRulings(orders, DEDUPE_WINDOW_MS)),
    "acknowledged before commit": Doubles(store=EarlyStore),
    "recorder's fence dropped": Doubles(store=OpenStore),
}

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import structlog
from prometheus_client import CollectorRegistry
from typing_extensions import override

from seatline.facts.v1 import facts_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.recorder.adapters.codec import UndecodableError, decode_facts
from services.recorder.adapters.kafka_out import SUPPRESSIONS_TOPIC, KafkaWithdrawals
from services.recorder.adapters.metrics import RecorderMetrics
from services.recorder.domain.entries import Partition, Position, WithdrawDetail
from services.recorder.handlers import LOOK_EVERY_MS, PublishWithdrawalsHandler
from services.runtime.errors import TransientError
from services.runtime.lifecycle import Process
from services.runtime.log_port import SendError, Sent, TopicPartition
from services.runtime.telemetry import Health
from tests.fakes.log import FakeClock, InMemoryBroker, InMemoryLogWriter
from tests.fakes.outcome_store import InMemoryOutcomeStore
from tests.support.recorder_entries import opted_out, person_key, queued, routed
from tests.support.recorder_logs import LogWriter, facts_log, rulings_log
from tests.support.recorder_world import eventually, ids, record, rig

TP = (SUPPRESSIONS_TOPIC, 0)
UNPUBLISHED = "seatline_recorder_withdrawals_unpublished"


class KeyedLogWriter(InMemoryLogWriter):
    def __init__(self, broker: InMemoryBroker) -> None:
        super().__init__(broker)
        self.keys: list[bytes | None] = []
        self.full_at = -1
        """How many sends are taken before the queue is full, once."""

    @override
    def send(
        self,
        tp: TopicPartition,
        value: bytes,
        done: Callable[[Sent | SendError], None],
        key: bytes | None = None,
    ) -> None:
        if len(self.keys) == self.full_at:
            self.full_at = -1
            raise TransientError("the local send queue is full")
        self.keys.append(key)
        super().send(tp, value, done, key)


@dataclass
class Desk:
    """A publisher, the store that it empties and the broker that it fills."""

    store: InMemoryOutcomeStore = field(default_factory=InMemoryOutcomeStore)
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.broker = InMemoryBroker(self.clock)
        self.writer = KeyedLogWriter(self.broker)
        self.health = Health(self.clock)
        self.registry = CollectorRegistry()
        self.health.ready("started", True)
        around = Process(
            "recorder-0", structlog.get_logger(), self.health, self.registry, self.clock
        )
        withdrawals = KafkaWithdrawals(self.writer)
        metrics = RecorderMetrics(self.registry)
        self.publish = PublishWithdrawalsHandler(around, self.store, withdrawals, metrics)
        self.held: dict[Partition, Position] = {}

    async def given(self, *logs: LogWriter) -> "Desk":
        await record(self.store, *logs)
        self.held = await self.store.claim(ids(logs), None)
        return self

    async def turns(self, count: int = 3) -> None:
        for _ in range(count):
            await self.publish.turn(self.held)

    def published(self) -> list[suppressions_pb2.Withdrawal]:
        return [
            suppressions_pb2.Withdrawal.FromString(each.value) for each in self.broker.records(TP)
        ]

    def unpublished(self) -> float | None:
        return self.registry.get_sample_value(UNPUBLISHED)


def decoded(fact: facts_pb2.Fact) -> object:
    return decode_facts(facts_log().write(fact).values[-1])[1][0].detail


def test_a_provisional_withdrawal_is_an_opt_out_to_pass_on_and_an_order_is_not() -> None:
    assert decoded(opted_out()) == WithdrawDetail(person_key(), "opt_out")
    assert decoded(opted_out(person_known=False)) == WithdrawDetail(None, "opt_out")
    assert decoded(opted_out(provisional=False)) is None


@pytest.mark.parametrize("change", [{"person_key": b"short"}, {"person_key": b""}, {"kind": 2}])
def test_a_withdrawal_that_readers_would_stop_at_is_undecodable(change: dict[str, object]) -> None:
    fact = opted_out()
    for name, value in change.items():
        setattr(fact.withdrawal_applied, name, value)
    with pytest.raises(UndecodableError):
        decoded(fact)


async def test_an_opt_out_is_published_by_person_and_then_no_more() -> None:
    desk = await Desk().given(facts_log().write(queued()).write(opted_out()))
    await desk.turns(1)
    assert desk.unpublished() == 1
    await desk.turns()
    desk.clock.advance(10 * LOOK_EVERY_MS)
    await desk.turns()
    (withdrawal,) = desk.published()
    assert (withdrawal.person_key, withdrawal.contact_id) == (person_key(), "")
    assert withdrawal.kind == suppressions_pb2.WITHDRAWAL_KIND_OPT_OUT
    assert desk.writer.keys == [person_key()]
    assert desk.unpublished() == 0


async def test_an_opt_out_of_a_contact_is_published_by_it_and_by_its_person() -> None:
    facts = facts_log().write(opted_out(person_known=False))
    desk = await Desk().given(rulings_log().write(routed()), facts)
    await desk.turns()
    assert [(each.person_key, each.contact_id) for each in desk.published()] == [
        (b"", "c-1"),
        (person_key(), ""),
    ]
    assert desk.writer.keys == [b"c-1", person_key()]


async def test_what_the_producer_had_no_room_for_is_published_later() -> None:
    facts = facts_log().write(opted_out(person_known=False))
    desk = await Desk().given(rulings_log().write(routed()), facts)
    desk.writer.full_at = 1
    with pytest.raises(TransientError):
        await desk.turns(1)
    desk.clock.advance(LOOK_EVERY_MS)
    await desk.turns()
    assert [each.contact_id for each in desk.published()] == ["c-1", "c-1", ""]
    assert desk.unpublished() == 0


async def test_more_than_goes_at_once_is_published_in_portions() -> None:
    log = facts_log()
    for number in range(1_200):
        log.write(opted_out(f"c-{number}"))
    desk = await Desk().given(log)
    await desk.turns(8)
    assert len({each.person_key for each in desk.published()}) == 1_200
    assert len(desk.published()) == 1_200


async def test_nothing_is_marked_before_kafka_acknowledged_it() -> None:
    desk = await Desk().given(facts_log().write(opted_out()))
    desk.broker.away = True
    await desk.turns(5)
    assert (desk.store.tables.published, len(desk.writer.waiting)) == (set(), 1)
    desk.broker.away = False
    await desk.turns()
    assert len(desk.store.tables.published) == 1


async def test_an_acknowledgement_that_is_lost_is_said_and_the_opt_out_published_again() -> None:
    desk = await Desk().given(facts_log().write(opted_out()))
    desk.writer.lose_acks = True
    await desk.turns()
    assert "takes no withdrawals" in desk.health.not_ready()["withdrawals"]
    assert (desk.store.tables.published, desk.unpublished()) == (set(), 1)
    # It is not tried again at once: the recording has the turn.
    await desk.turns()
    assert len(desk.published()) == 1
    desk.writer.lose_acks = False
    desk.clock.advance(LOOK_EVERY_MS)
    await desk.turns()
    assert (len(desk.published()), desk.health.not_ready()) == (2, {})
    assert len(desk.store.tables.published) == 1


async def test_a_recorder_that_starts_publishes_what_its_predecessor_left() -> None:
    log = facts_log().write(opted_out())
    store = InMemoryOutcomeStore()
    await record(store, log)
    made = rig(store, log)
    running = asyncio.create_task(made.recorder.run())
    await eventually(lambda: len(store.tables.published) == 1)
    assert len(made.broker.records(TP)) == 1
    made.process.stop.ask("the test is over")
    await running


async def test_recording_goes_on_while_kafka_takes_no_withdrawals() -> None:
    log = facts_log().write(opted_out())
    store = InMemoryOutcomeStore()
    made = rig(store, log)
    made.withdrawals.holding = True
    running = asyncio.create_task(made.recorder.run())
    await eventually(lambda: len(store.tables.decisions) == 1)
    made.broker.append(log.tp, log.write(queued("c-2"), opted_out("c-2")).values[-1])
    await eventually(lambda: len(store.tables.decisions) == 3)
    assert not store.tables.published
    made.withdrawals.holding = False
    await eventually(lambda: len(store.tables.published) == 2)
    assert len(made.broker.records(TP)) == 2
    made.process.stop.ask("the test is over")
    await running

import os
import threading
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from kafka import KafkaAdminClient
from kafka import TopicPartition as AdminTopicPartition

from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.watch import OWNER_SILENCE_MS
from services.runtime.kafka_log import KafkaLogReader
from services.runtime.kafka_wait import wait_for_topics
from services.stack.plan import KAFKA
from tests.support.arena import Arena, Slot, turn_for, turn_until
from tests.support.eventually import eventually
from tests.support.stack import Broker, whole_stack

RACES = int(os.environ.get("FENCE_RACES", "45"))
STALL_MS = 4_000


@pytest.fixture
def arena(kafka_stack: Broker) -> Arena:
    return Arena(kafka_stack)


def race(slots: list[Slot], epoch: int) -> None:
    """Let the slots fight, each in a thread, until each has read a fence of that epoch."""
    start, failures = threading.Barrier(len(slots)), list[BaseException]()

    def fight(slot: Slot) -> None:
        try:
            # Where a fold begins is learnt in the background: until then a slot fights nobody.
            turn_until(lambda: not slot.decider._loading.is_looking, slot)
            turn_until(lambda: slot.epoch >= epoch - 1, slot)
            start.wait(10)
            turn_until(lambda: slot.epoch >= epoch, slot)
        except BaseException as error:  # noqa: BLE001 (told to the test, which fails)
            failures.append(error)

    threads = [threading.Thread(target=fight, args=(slot,)) for slot in slots]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(40)
    assert not failures, failures


def decide(slot: Slot, number: int) -> None:
    """Turn the owner until an input is decided, and its record read back."""
    turn_until(lambda: number in slot.seen, slot)
    turn_until(lambda: slot.decider.partitions[0].may_write, slot)


@pytest.mark.timeout(60 + RACES * 3)
def test_of_two_slots_that_fence_one_partition_one_wins_each_time_and_nothing_is_repeated(
    arena: Arena,
) -> None:
    with arena.slots() as slots:
        for number in range(RACES):
            for index, slot in enumerate(slots):
                # New names each time: neither has an older right than the other.
                slot.begin(f"tally{'abcdefghij'[number % 10]}-{index}", owner_silence_ms=1)
            race(slots, number + 1)
            winners = [slot for slot in slots if slot.owns]
            assert len(winners) == 1, f"race {number}: {len(winners)} winners"
            arena.give(number)
            decide(winners[0], number)
    assert arena.story() == list(range(RACES))
    epochs = [epoch for epoch, _ in arena.fences()]
    assert sorted(set(epochs)) == list(range(1, RACES + 1))
    assert len(epochs) > RACES, "no two slots ever fenced at once: nothing was tried"


def test_an_owner_paused_longer_than_the_silence_loses_its_partition_and_nothing_else(
    arena: Arena,
) -> None:
    with arena.slots() as (one, two):
        for index, slot in enumerate((one, two)):
            slot.begin(f"tally-{index}")
        turn_until(lambda: one.owns, one, two)
        arena.give(1, 2)
        turn_until(lambda: two.seen == [1, 2], one, two)
        arena.give(3)
        turn_until(lambda: two.owns and two.seen == [1, 2, 3], two)
        arena.give(4)
        turn_until(lambda: one.seen == two.seen == [1, 2, 3, 4], one, two)
        assert (one.owns, two.owns) == (False, True)
    assert arena.story() == [1, 2, 3, 4]
    assert arena.fences() == [(1, "tally-0"), (2, "tally-1")]


def test_a_broker_that_stalls_for_everyone_costs_no_takeover_and_no_input(tmp_path: Path) -> None:
    with whole_stack(tmp_path, only=(KAFKA,)) as stack:
        arena = Arena(Broker(stack.endpoints["kafka"]))
        with arena.slots() as (one, two):
            for index, slot in enumerate((one, two)):
                slot.begin(f"tally-{index}")
            turn_until(lambda: one.owns, one, two)
            arena.give(*range(20))
            one.decider.turn()
            stack.pause("kafka-0")
            try:
                turn_for(STALL_MS, one, two)
            finally:
                stack.resume("kafka-0")
            arena.give(*range(20, 40))
            turn_for(2 * OWNER_SILENCE_MS, one, two)
            turn_until(lambda: one.seen == two.seen == list(range(40)), one, two)
        assert arena.fences() == [(1, "tally-0")]
        assert arena.story() == list(range(40))


def test_a_partition_that_librdkafka_forgets_to_fetch_is_read_anew(arena: Arena) -> None:
    reader = KafkaLogReader(arena.broker.address, "forgetful")
    reader.assign({(arena.paced, 0): 0})
    offsets: list[int] = []

    def read_to(offset: int) -> bool:
        offsets.extend(arrived.offset for arrived in reader.poll(0.05))
        return offsets == list(range(offset + 1))

    arena.give(1)
    eventually(lambda: read_to(0))
    reader._consumer.pause([TopicPartition(arena.paced, 0)])
    arena.give(2, 3)
    eventually(lambda: read_to(2))
    arena.give(4)
    eventually(lambda: read_to(3))
    reader.close()


def test_an_offset_that_retention_has_taken_stops_the_reader(arena: Arena) -> None:
    arena.give(1, 2, 3, 4)
    with KafkaAdminClient(bootstrap_servers=arena.broker.address) as admin:
        admin.delete_records({AdminTopicPartition(arena.paced, 0): 3})
    reader = KafkaLogReader(arena.broker.address, "late")
    reader.assign({(arena.paced, 0): 1})
    with pytest.raises(PromiseBrokenError, match="nothing resets by itself"):
        eventually(lambda: reader.poll(0.1))
    reader.close()


def test_a_topic_made_anew_stops_those_who_read_the_former(arena: Arena) -> None:
    with arena.slots(1) as (one,):
        one.begin("tally-0")
        turn_until(lambda: one.owns, one)
        arena.give(1, 2, 3)
        turn_until(lambda: one.seen == [1, 2, 3], one)
        with KafkaAdminClient(bootstrap_servers=arena.broker.address) as admin:
            admin.delete_topics([arena.paced])
            eventually(lambda: arena.paced not in admin.list_topics())
            admin.create_topics({arena.paced: {"num_partitions": 1}}, wait_for_metadata=True)
        with pytest.raises(PromiseBrokenError, match=arena.paced):
            turn_until(lambda: False, one, within_ms=60_000)


class Waiting:
    """Keeps the reasons and gives up after some of them."""

    def __init__(self, patience: int = 3) -> None:
        self.reasons: list[str] = []
        self.patience = patience

    def still_waiting(self, why: str) -> bool:
        self.reasons.append(why)
        return len(self.reasons) < self.patience


def test_a_topic_with_another_partition_count_stops_the_process(arena: Arena) -> None:
    with pytest.raises(PromiseBrokenError, match="has 1 partitions, this stack was created with 8"):
        wait_for_topics(arena.broker.address, {arena.log: 8}, Waiting())


def test_a_topic_that_is_not_there_is_waited_for_and_named(arena: Arena) -> None:
    waiting = Waiting()
    assert not wait_for_topics(arena.broker.address, {"test.never": 1}, waiting)
    assert waiting.reasons == ["topic test.never is not there yet"] * 3


def test_topics_that_are_there_are_not_waited_for(arena: Arena) -> None:
    waiting = Waiting()
    assert wait_for_topics(arena.broker.address, {arena.log: 1, arena.paced: 1}, waiting)
    assert waiting.reasons == []


def test_a_broker_that_is_not_there_is_waited_for_and_named() -> None:
    waiting = Waiting(patience=1)
    assert not wait_for_topics("127.0.0.1:1", {"test.any": 1}, waiting)
    assert "Kafka does not answer" in waiting.reasons[0]

from collections.abc import Iterator

import pytest
from kafka import KafkaAdminClient

from services.runtime.fenced_log.partition import HEARTBEAT_MS
from services.stack.identity import Wish
from services.stack.plan import KAFKA
from services.stack.topics import TOPICS
from tests.fakes.tally import AlarmCore
from tests.support.arena import CLOCK, CODEC, Arena, turn_for, turn_until
from tests.support.eventually import eventually
from tests.support.stack import Broker, Stack, whole_stack

AWAY_MS = 4_000
"""Shorter than a broker's session: the leader stays the leader."""
STANDS_AFTER_MS = 1_000


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("three")
    with whole_stack(folder, wish=Wish(brokers=3, partitions=1), only=(KAFKA,)) as running:
        yield running


def replicas(address: str, field: str) -> set[int]:
    with KafkaAdminClient(bootstrap_servers=address) as admin:
        topics = admin.describe_topics([topic.name for topic in TOPICS])
    return {len(each[field]) for topic in topics for each in topic["partitions"]}


def time_lag_ms(arena: Arena, number: int, until_ms: int) -> int:
    """Give by how much broker time lay behind in the newest record appended until then."""
    newest = [a for a in arena.read(number) if a.appended_at_ms <= until_ms][-1]
    return newest.appended_at_ms - CODEC.header(newest.value).at_ms


def test_a_commands_leader_that_is_away_stops_the_time_of_its_partition_and_of_no_other(
    stack: Stack,
) -> None:
    broker = Broker(stack.endpoints["kafka"])
    arena = Arena(broker, log_leaders=(0, 1), paced_leaders=(2, 1))
    with arena.slots(1) as (one,):
        one.begin("tally-0", owner_silence_ms=1, new_core=AlarmCore)
        turn_until(one.owns_all, one)
        arena.give(1)
        arena.give(2, partition=1)
        turn_until(lambda: one.seen_in(0) == [1] and one.seen_in(1) == [2], one)
        stack.pause("kafka-2")
        try:
            turn_for(AWAY_MS, one)
            arena.give(3, partition=1)
            turn_until(lambda: 3 in one.seen_in(1), one)
            heard = one.seen_in(0).copy(), one.seen_in(1).copy()
            away_until_ms = CLOCK.wall_ms()
        finally:
            stack.resume("kafka-2")
        assert heard == ([1], [2, -2, 3])
        stood_ms = AWAY_MS - STANDS_AFTER_MS - HEARTBEAT_MS
        assert time_lag_ms(arena, 0, away_until_ms) > stood_ms
        assert time_lag_ms(arena, 1, away_until_ms) < STANDS_AFTER_MS
        arena.give(4)
        turn_until(lambda: set(one.seen_in(0)) == {1, -1, 4, -4}, one)
        turn_until(lambda: set(one.seen_in(1)) == {2, -2, 3, -3}, one)
    assert arena.fences() == [(1, "tally-0")]


def test_three_brokers_hold_every_topic_and_take_a_killed_one_back(stack: Stack) -> None:
    address = stack.endpoints["kafka"]
    assert replicas(address, "replica_nodes") == {3}

    stack.kill("kafka-0")
    eventually(lambda: stack.status().processes["kafka-0"]["restarts"] == 1)
    eventually(lambda: stack.status().ready)
    eventually(lambda: replicas(address, "isr_nodes") == {3})

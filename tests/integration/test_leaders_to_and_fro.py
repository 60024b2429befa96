"""Leaders that change and change back at once: librdkafka then forgets partitions (PR 5593).

It does so about once in thirty times; `LEADER_CHANGES` says how often it is tried.
"""

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from services.runtime.kafka_log import KafkaLogReader, KafkaLogWriter
from services.runtime.kafka_stalls import STALLED_MS
from tests.support.eventually import eventually
from tests.support.mock_brokers import MockBrokers, mock_brokers

CHANGES = int(os.environ.get("LEADER_CHANGES", "6"))
TOPIC, PARTITIONS = "a.log", 8
ONE, OTHER = 1, 2
WITHIN_S = 3 * STALLED_MS / 1_000


@contextmanager
def reading(brokers: MockBrokers) -> Iterator[KafkaLogReader]:
    reader = KafkaLogReader(brokers.address, "reader")
    try:
        reader.assign({(TOPIC, number): 0 for number in range(PARTITIONS)})
        yield reader
    finally:
        reader.close()


def all_read(reader: KafkaLogReader, writer: KafkaLogWriter) -> None:
    """Write to every partition, and read of every one what was written now."""
    for number in range(PARTITIONS):
        writer.send((TOPIC, number), b"x", lambda _: None)
    assert writer.flush(15) == 0
    read: set[int] = set()

    def is_read() -> bool:
        read.update(arrived.partition for arrived in reader.poll(0.02))
        return len(read) == PARTITIONS

    eventually(is_read, WITHIN_S, "every partition is read")


def poll_for(reader: KafkaLogReader, seconds: float) -> None:
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        reader.poll(0.002)


def lead(brokers: MockBrokers, broker: int) -> None:
    for number in range(PARTITIONS):
        brokers.lead(TOPIC, number, broker)


@pytest.mark.timeout(60 + 10 * CHANGES)
def test_every_partition_is_read_on_after_its_leader_has_changed_to_and_fro() -> None:
    chance = random.Random(1)
    with mock_brokers(2) as brokers:
        brokers.create(TOPIC, [ONE] * PARTITIONS)
        writer = KafkaLogWriter(brokers.address, "writer")
        with reading(brokers) as reader:
            all_read(reader, writer)
            for _ in range(CHANGES):
                for longest_s in (0.25, *[0.001] * chance.randrange(3)):
                    lead(brokers, OTHER)
                    poll_for(reader, chance.uniform(0.0, longest_s))
                    lead(brokers, ONE)
                    poll_for(reader, chance.uniform(0.0, 0.1))
                all_read(reader, writer)

from services.runtime.clock import SystemClock
from services.runtime.kafka_log import KafkaLogReader
from tests.support.eventually import eventually
from tests.support.mock_brokers import mock_brokers

TOPIC = "a.log"
FRESH_MS = 1_000
WITHIN_S = 20.0
"""The library forgets leaders by itself after a quarter of an hour."""
CLOCK = SystemClock()


def fresh(reader: KafkaLogReader) -> set[int]:
    """Partitions whose end was asked for, and answered, a moment ago."""
    reader.poll(0.01)
    now = CLOCK.monotonic_ms()
    return {tp[1] for tp, end in reader.ends().items() if now - end.asked_at_ms < FRESH_MS}


def test_the_ends_of_a_dead_leaders_partitions_are_asked_of_the_next_one() -> None:
    with mock_brokers(3) as brokers:
        brokers.create(TOPIC, [1, 2, 3])
        reader = KafkaLogReader(brokers.address, "reader")
        try:
            reader.assign({(TOPIC, partition): 0 for partition in range(3)})
            eventually(lambda: fresh(reader) == {0, 1, 2}, WITHIN_S)
            brokers.die(1)
            eventually(lambda: 0 not in fresh(reader), WITHIN_S)
            eventually(lambda: fresh(reader) == {1, 2}, WITHIN_S, "the others' ends are fresh")
            brokers.lead(TOPIC, 0, 2)
            eventually(lambda: fresh(reader) == {0, 1, 2}, WITHIN_S, "all ends are fresh")
        finally:
            reader.close()

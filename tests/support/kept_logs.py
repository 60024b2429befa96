"""Put logs onto a real broker and into a real database, as deciders and the recorder do."""

import asyncio
from collections.abc import Mapping, Sequence

from confluent_kafka import Producer

from services.recorder.adapters.postgres import PostgresOutcomeStore
from tests.support.recorder_logs import LogWriter
from tests.support.recorder_world import record as record_all
from tests.support.stack import Stack

Logs = Mapping[tuple[str, int], Sequence[bytes]]
"""Records by topic and partition."""


def write(stack: Stack, logs: Logs) -> None:
    producer = Producer({"bootstrap.servers": stack.endpoints["kafka"], "linger.ms": 0})
    for (topic, partition), values in logs.items():
        for value in values:
            producer.produce(topic, value=value, partition=partition)
    assert producer.flush(20) == 0


def keep(stack: Stack, logs: Logs) -> None:
    """Record logs as the recorder does."""

    async def record_them() -> None:
        store = PostgresOutcomeStore(stack.endpoints["postgres"], "recorder-0")
        try:
            await record_all(store, *(LogWriter(tp, values=list(vs)) for tp, vs in logs.items()))
        finally:
            await store.close()

    asyncio.run(record_them())

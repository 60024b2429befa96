"""Put one recorder together."""

import asyncio
from collections.abc import Mapping
from functools import partial

from confluent_kafka.admin import AdminClient

from services.recorder.adapters.kafka_in import (
    FACTS_TOPIC,
    RULINGS_TOPIC,
    FencedRecords,
    ask_topic_ids,
)
from services.recorder.adapters.kafka_out import SUPPRESSIONS_TOPIC, KafkaWithdrawals
from services.recorder.adapters.metrics import RecorderMetrics
from services.recorder.adapters.postgres import PostgresOutcomeStore
from services.recorder.domain.entries import Partition
from services.recorder.handlers import Recorder
from services.recorder.settings import RecorderSettings
from services.runtime.kafka_log import IN_BULK, KafkaLogReader, KafkaLogWriter
from services.runtime.kafka_wait import wait_for_topics
from services.runtime.lifecycle import Process

TOPICS = (RULINGS_TOPIC, FACTS_TOPIC)


async def serve(settings: RecorderSettings, process: Process) -> None:
    """Record this slot's partitions of both logs until asked to stop."""
    counts = dict.fromkeys(TOPICS, settings.partitions) | {SUPPRESSIONS_TOPIC: 1}
    if not await asyncio.to_thread(wait_for_topics, settings.kafka, counts, process):
        return
    partitions = [(topic, number) for topic in TOPICS for number in settings.own_partitions]
    admin = AdminClient({"bootstrap.servers": settings.kafka, "log_level": 2})

    async def topic_ids() -> Mapping[Partition, str]:
        return await ask_topic_ids(admin, partitions)

    source = FencedRecords(
        KafkaLogReader(settings.kafka, settings.slot, fetching=IN_BULK), process.clock
    )
    store = PostgresOutcomeStore(settings.postgres, settings.slot)
    withdrawals = KafkaWithdrawals(KafkaLogWriter(settings.kafka, settings.slot))
    metrics = RecorderMetrics(process.registry)
    for topic in TOPICS:
        metrics.watch_lag(topic, partial(_lag_s, topic, partitions, source, process))
    try:
        await Recorder(process, source, store, withdrawals, metrics, topic_ids).run()
    finally:
        await store.close()
        source.close()


def _lag_s(
    topic: str, partitions: list[Partition], source: FencedRecords, process: Process
) -> float:
    ages_ms = [0]
    for partition in partitions:
        appended_at_ms = source.appended_at_ms(partition)
        if partition[0] == topic and appended_at_ms is not None and source.unread(partition):
            ages_ms.append(process.clock.wall_ms() - appended_at_ms)
    return max(ages_ms) / 1000

"""Recorders as processes: the real loop over the real source, before a simulated store."""

from collections.abc import Callable, Mapping

from services.recorder.adapters.kafka_in import FACTS_TOPIC, RULINGS_TOPIC, FencedRecords
from services.recorder.adapters.kafka_out import KafkaWithdrawals
from services.recorder.domain.entries import Partition
from services.recorder.handlers import Recorder
from services.recorder.ports import OutcomeStore, Recorded
from tests.simtest.async_node import AsyncNode
from tests.simtest.deciders import PARTITIONS
from tests.simtest.log import SimulatedBroker, SimulatedLogReader, SimulatedLogWriter
from tests.simtest.node import Node

TOPIC_IDS = {
    (topic, number): f"id-of-{topic}"
    for topic in (RULINGS_TOPIC, FACTS_TOPIC)
    for number in range(PARTITIONS)
}


class SilentMeter:
    """Counts nothing."""

    def recorded(self, recorded: Recorded, seconds: float) -> None:
        """Count nothing."""

    def unpublished(self, withdrawals: int) -> None:
        """Count nothing."""


class RecorderNode(AsyncNode):
    """One recorder of all partitions, one life long."""

    recorder: Recorder

    def open(self, broker: SimulatedBroker, store: Callable[[Node], OutcomeStore]) -> None:
        """Put the recorder together and let it run."""
        self.begin_loop()
        self.reader = SimulatedLogReader(broker, self)
        self.writer = SimulatedLogWriter(broker, self, lambda _: None)
        source = FencedRecords(self.reader, self.clock)
        self.store = store(self)

        async def topic_ids() -> Mapping[Partition, str]:
            return TOPIC_IDS

        self.recorder = Recorder(
            self.process(),
            source,
            self.store,
            KafkaWithdrawals(self.writer),
            SilentMeter(),
            topic_ids,
        )
        self.loop.run(self._run, lambda: "build")

    def _run(self) -> None:
        self.live(self.recorder.run())

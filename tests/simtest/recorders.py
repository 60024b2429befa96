"""Recorders as processes: the real loop over the real source, before a simulated store."""

from collections.abc import Callable, Mapping

from typing_extensions import override

from services.recorder.adapters.kafka_in import FACTS_TOPIC, RULINGS_TOPIC, FencedRecords
from services.recorder.adapters.kafka_out import KafkaWithdrawals
from services.recorder.domain.entries import Partition
from services.recorder.handlers import Recorder
from services.recorder.ports import OutcomeStore, Reading, Recorded
from tests.simtest.async_node import AsyncNode
from tests.simtest.deciders import PARTITIONS
from tests.simtest.log import SimulatedBroker, SimulatedLogReader, SimulatedLogWriter
from tests.simtest.node import Node

TOPIC_IDS = {
    (topic, number): f"id-of-{topic}"
    for topic in (RULINGS_TOPIC, FACTS_TOPIC)
    for number in range(PARTITIONS)
}


AT_ONCE = 6
"""Entries of a batch: a real one takes thousands, and no simulated log would fill it."""


class SmallBatches(FencedRecords):
    """Hands out little at a time, so that a recorder reads ahead and is struck while it does."""

    @override
    async def gather(self, entries_limit: int) -> Reading:
        """Return what has gathered, up to a few entries."""
        return await super().gather(min(entries_limit, AT_ONCE))


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
        source = SmallBatches(self.reader, self.clock)
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

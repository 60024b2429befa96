"""The bare loop: consume and produce the same records with the same clients, deciding nothing."""

import time
from collections.abc import Sequence

from bench.loops.lanes import Lanes
from bench.loops.pace import Pace, Stopwatch, until
from bench.watching import ends
from services.runtime.kafka_log import KafkaLogReader, KafkaLogWriter
from services.runtime.log_port import START

_FETCHED_S = 1.0
"""The client has fetched by then, as it has for a decider whose backlog is there when it turns."""
_POLL_S = 0.02


class Relay:
    """Appends what gathered while its last record of a partition was under way, as deciders do."""

    def __init__(
        self, bootstrap: str, sources: Sequence[str], target: str, partitions: int
    ) -> None:
        tps = [(source, n) for source in sources for n in range(partitions)]
        self.records = sum(ends(bootstrap, tps).values())
        self.settled = 0
        self._reader = KafkaLogReader(bootstrap, "bench-relay")
        self._writer = KafkaLogWriter(bootstrap, "bench-relay")
        self._reader.assign(dict.fromkeys(tps, START))
        self._lanes = Lanes(self._writer, target, settled=self._settle)

    def turn(self) -> None:
        """Do one round, as a decider's loop does."""
        for arrived in self._reader.poll(_POLL_S):
            self._lanes.add(arrived.partition, arrived.value)
        self._writer.serve()
        self._lanes.send()
        self._writer.serve()

    def close(self) -> None:
        """Stop reading."""
        self._reader.close()

    def _settle(self, partition: int) -> None:
        self.settled += len(self._lanes.settle(partition))


def relay(bootstrap: str, sources: Sequence[str], target: str, partitions: int) -> Pace:
    """Pass on everything that some topics hold; return the pace in records."""
    bare = Relay(bootstrap, sources, target, partitions)
    time.sleep(_FETCHED_S)
    watch = Stopwatch()
    with watch:
        until(lambda: bare.settled >= bare.records, bare.turn, "bare relay")
    bare.close()
    return watch.pace(bare.records)

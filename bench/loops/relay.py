"""The bare loop: consume and produce the same records with the same clients, deciding nothing."""

import time
from collections import deque
from collections.abc import Sequence

from bench.loops.pace import Pace, Stopwatch, until
from bench.watching import ends
from services.runtime.fenced_log.turn import BYTES_MAX, ENTRIES_MAX
from services.runtime.kafka_log import KafkaLogReader, KafkaLogWriter
from services.runtime.log_port import START, SendError, Sent

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
        self._target = target
        self._reader = KafkaLogReader(bootstrap, "bench-relay")
        self._writer = KafkaLogWriter(bootstrap, "bench-relay")
        self._reader.assign(dict.fromkeys(tps, START))
        self._waiting: dict[int, deque[bytes]] = {n: deque() for n in range(partitions)}
        self._busy: set[int] = set()

    def turn(self) -> None:
        """Do one round, as a decider's loop does."""
        for arrived in self._reader.poll(_POLL_S):
            self._waiting[arrived.partition].append(arrived.value)
        self._writer.serve()
        for partition, waiting in self._waiting.items():
            if waiting and partition not in self._busy:
                self._send(partition, waiting)
        self._writer.serve()

    def close(self) -> None:
        """Stop reading."""
        self._reader.close()

    def _send(self, partition: int, waiting: deque[bytes]) -> None:
        batch: list[bytes] = []
        size = 0
        while waiting and len(batch) < ENTRIES_MAX and size < BYTES_MAX:
            size += len(waiting[0])
            batch.append(waiting.popleft())

        def done(_: Sent | SendError) -> None:
            self._busy.discard(partition)
            self.settled += len(batch)

        self._busy.add(partition)
        self._writer.send((self._target, partition), b"".join(batch), done)


def relay(bootstrap: str, sources: Sequence[str], target: str, partitions: int) -> Pace:
    """Pass on everything that some topics hold; return the pace in records."""
    bare = Relay(bootstrap, sources, target, partitions)
    time.sleep(_FETCHED_S)
    watch = Stopwatch()
    with watch:
        until(lambda: bare.settled >= bare.records, bare.turn, "bare relay")
    bare.close()
    return watch.pace(bare.records)

"""How fast a loop works a backlog off, and the topics that it works on."""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from confluent_kafka.admin import AdminClient, NewTopic

from bench.world import WorldError
from services.runtime.kafka_log import KafkaLogWriter
from services.runtime.log_port import SendError, Sent, TopicPartition

P = ParamSpec("P")
T = TypeVar("T")

WITHIN_S = 60.0
_PORTION = 5_000
"""Below what the writer's local queue takes."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What a backlog cost."""

    items: int
    wall_s: float
    cpu_s: float
    """Of the whole process: the Kafka client's threads, too."""

    @property
    def per_s(self) -> float:
        """Items a second, by the clock on the wall."""
        return self.items / self.wall_s

    @property
    def cpu_us(self) -> float:
        """CPU microseconds an item."""
        return self.cpu_s / self.items * 1e6


@dataclass
class Stopwatch:
    """Adds up wall and CPU time of this process over the blocks that it is put around."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    _began: tuple[float, float] = field(default=(0.0, 0.0), init=False)

    def __enter__(self) -> "Stopwatch":
        self._began = (time.perf_counter(), time.process_time())
        return self

    def __exit__(self, *_: object) -> None:
        self.wall_s += time.perf_counter() - self._began[0]
        self.cpu_s += time.process_time() - self._began[1]

    def pace(self, items: int) -> Pace:
        """Return the pace at which so many items were done."""
        return Pace(items, self.wall_s, self.cpu_s)


def apart(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do a piece of work in a fresh process, as a service has one to itself."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as process:
        return process.submit(work, *args, **kwargs).result()


@contextmanager
def topics(bootstrap: str, names: Sequence[str], partitions: int) -> Iterator[None]:
    """Have topics stamped by the broker for as long as the block goes on."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    config = {"message.timestamp.type": "LogAppendTime"}
    made = admin.create_topics([NewTopic(n, partitions, 1, config=config) for n in names])
    for future in made.values():
        future.result()
    try:
        yield
    finally:
        for future in admin.delete_topics(list(names)).values():
            future.result()


def fill(writer: KafkaLogWriter, records: Sequence[tuple[TopicPartition, bytes]]) -> None:
    """Append records and wait until all are acknowledged.

    Raises:
        WorldError: One was not.
    """
    failed: list[str] = []

    def done(outcome: Sent | SendError) -> None:
        if isinstance(outcome, SendError):
            failed.append(outcome.reason)

    for start in range(0, len(records), _PORTION):
        for tp, value in records[start : start + _PORTION]:
            writer.send(tp, value, done)
        writer.flush(WITHIN_S)
    if failed:
        raise WorldError(f"a backlog could not be written: {failed[0]}")


def until(condition: Callable[[], bool], turn: Callable[[], None], what: str) -> None:
    """Turn a loop until a condition holds.

    Raises:
        WorldError: It did not in time.
    """
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        if time.monotonic() > deadline:
            raise WorldError(f"{what}: not within {WITHIN_S:.0f} s")
        turn()

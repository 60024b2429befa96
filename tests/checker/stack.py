"""The edge: a stack's logs by confluent-kafka, its journal, and where both answer."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import (
    OFFSET_INVALID,
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from tests.checker.asking import ask
from tests.checker.history import (
    COMMANDS,
    CONTACTS,
    DEAD,
    FACTS,
    INTAKE,
    MAP,
    RULINGS,
    SUPPRESSIONS,
    Answer,
    CannotCheckError,
    Log,
    Record,
    Rows,
)

ANSWER_S = 5.0
SILENCE_S = 10.0
"""How long a partition that has more may send nothing."""
INTAKE_GROUP = "seatline-intake"
TOPICS = (FACTS, RULINGS, COMMANDS, CONTACTS, MAP, SUPPRESSIONS, INTAKE, DEAD)
"""In the order in which their ends are asked for: what was decided has then arrived."""
_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a stack answers."""

    kafka: str
    postgres: str
    partitions: int
    health: Mapping[str, str] = field(default_factory=dict)
    """Address of each process's page of health."""


def read_endpoints(state: Path) -> Endpoints:
    """Return what `endpoints.json` of a state folder says.

    Raises:
        CannotCheckError: No stack is up there.
    """
    path = state / "endpoints.json"
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        partitions, health = int(told["partitions"]), dict(told.get("health") or {})
        return Endpoints(str(told["kafka"]), str(told["postgres"]), partitions, health)
    except FileNotFoundError:
        raise CannotCheckError(f"--state: no stack is up in {state}; run `make up`") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CannotCheckError(f"{path}: {type(error).__name__}: it cannot be read") from error


def read_journal(path: Path | None) -> Iterator[Mapping[str, Any]]:
    """Yield the lines of a journal; a last line that was being written is left out.

    Raises:
        CannotCheckError: It cannot be read.
    """
    if path is None:
        return
    read = 0
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                if line.endswith("\n"):
                    yield json.loads(line)
                read += 1
    except (OSError, ValueError) as error:
        raise CannotCheckError(f"--journal {path}: line {read + 1}: {error}") from error


@dataclass(slots=True)
class StackHistory:
    """A running stack as a history; open it after the snapshot of its rows."""

    endpoints: Endpoints
    rows: Rows | None
    journal_path: Path | None
    partitions: int = 0
    _answers: list[Answer] = field(default_factory=list)
    _ends: dict[Log, int] = field(default_factory=dict)
    _starts: dict[Log, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.partitions = self.endpoints.partitions
        # Before the ends: where a dispatcher stands is then in the log.
        self._answers = ask(self.endpoints.health)
        admin = AdminClient(self._client())
        for topic in TOPICS:
            numbers = self._numbers(admin, topic)
            self._starts |= self._offsets(admin, topic, numbers, OffsetSpec.earliest())
            self._ends |= self._offsets(admin, topic, numbers, OffsetSpec.latest())

    def end(self, log: Log) -> int:
        """Return the offset behind the last record that is looked at."""
        return self._ends.get(log, 0)

    def records(self, log: Log) -> Iterator[Record]:
        """Yield the records of a log below its end, oldest first.

        Raises:
            CannotCheckError: Kafka stops answering.
        """
        end = self.end(log)
        if self._starts.get(log, 0) >= end:
            return
        consumer = Consumer(
            self._client()
            | {
                "group.id": "seatline-checker-unused",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
            }
        )
        consumer.assign([TopicPartition(*log, self._starts[log])])
        try:
            yield from _until(consumer, log, end)
        finally:
            consumer.close()

    def intake_done(self) -> Mapping[int, int]:
        """Return the offset below which intake has committed, by partition.

        Raises:
            CannotCheckError: Kafka does not answer.
        """
        admin = AdminClient(self._client())
        wanted = [TopicPartition(INTAKE, number) for number in self._numbers(admin, INTAKE)]
        asked = [ConsumerGroupTopicPartitions(INTAKE_GROUP, wanted)]
        try:
            futures = admin.list_consumer_group_offsets(asked, request_timeout=ANSWER_S)
            committed = futures[INTAKE_GROUP].result(timeout=ANSWER_S).topic_partitions
        except (KafkaException, TimeoutError) as error:
            raise CannotCheckError(f"Kafka does not tell how far intake is: {error}") from error
        return {
            each.partition: min(each.offset, self.end((INTAKE, each.partition)))
            for each in committed
            if each.offset != OFFSET_INVALID
        }

    def answers(self) -> Sequence[Answer]:
        """Return what dispatchers told of their states."""
        return self._answers

    def journal(self) -> Iterator[Mapping[str, Any]]:
        """Yield what simulated callers and senders wrote down."""
        return read_journal(self.journal_path)

    def _client(self) -> dict[str, Any]:
        return {
            "bootstrap.servers": self.endpoints.kafka,
            "client.id": "seatline-checker",
            "log_level": 0,
        }

    def _numbers(self, admin: AdminClient, topic: str) -> list[int]:
        try:
            metadata = admin.list_topics(topic, timeout=ANSWER_S)
        except KafkaException as error:
            raise CannotCheckError(
                f"Kafka at {self.endpoints.kafka} does not answer: {error.args[0].name()}"
            ) from error
        return sorted(metadata.topics[topic].partitions)

    def _offsets(
        self, admin: AdminClient, topic: str, numbers: list[int], which: OffsetSpec
    ) -> dict[Log, int]:
        wanted = {TopicPartition(topic, number): which for number in numbers}
        try:
            futures = admin.list_offsets(wanted, request_timeout=ANSWER_S)
            found = {
                (topic, tp.partition): future.result(timeout=ANSWER_S).offset
                for tp, future in futures.items()
            }
        except (KafkaException, TimeoutError) as error:
            raise CannotCheckError(f"Kafka does not tell the ends of {topic}: {error}") from error
        if found and min(found.values()) < 0:
            raise CannotCheckError(f"Kafka does not tell the ends of {topic}: a leader is away")
        return found


def _until(consumer: Consumer, log: Log, end: int) -> Iterator[Record]:
    heard_at = time.monotonic()
    while True:
        # To ask for many at once would wait for all of them.
        first = consumer.poll(0.5)
        messages = [] if first is None else [first, *consumer.consume(_BATCH, 0)]
        if messages:
            heard_at = time.monotonic()
        elif time.monotonic() - heard_at > SILENCE_S:
            raise CannotCheckError(f"{log[0]}/{log[1]}: no record came for {SILENCE_S:g} s")
        for message in messages:
            offset = int(message.offset() or 0)
            if message.error() is None and offset < end:
                yield Record(offset, message.timestamp()[1], message.value() or b"")
            if _is_at(message, end):
                return


def _is_at(message: Message, end: int) -> bool:
    """Tell whether the end is reached."""
    error = message.error()
    offset = int(message.offset() or 0)
    if error is None:
        return offset + 1 >= end
    if error.code() == KafkaError._PARTITION_EOF:
        return offset >= end
    raise CannotCheckError(f"Kafka: {error.name()}")

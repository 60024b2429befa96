"""The log book on a real broker, by confluent-kafka."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from confluent_kafka import (
    OFFSET_INVALID,
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from services.cli.adapters.log_book import Bounds
from services.cli.errors import StackAwayError
from services.runtime.clock import Clock, SystemClock
from services.runtime.log_port import Arrived

ANSWER_S = 2.5
"""How long a single question may take."""
SILENCE_MS = 10_000
"""How long a partition that has more may send nothing."""
ASK_AGAIN_S = 0.1
_BATCH = 2_000
_PASSING = {
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
}
T = TypeVar("T")
_CLIENT = {"log_level": 0, "socket.connection.setup.timeout.ms": 3_000, "client.id": "seatline-cli"}


class KafkaLogBook:
    """Reads without a group and without committing; writes idempotently."""

    def __init__(self, bootstrap: str, clock: Clock | None = None) -> None:
        """Connect at the first question.

        Args:
            bootstrap: Addresses, `host:port[,host:port]`.
            clock: For deadlines.
        """
        self._bootstrap = bootstrap
        self._clock = clock or SystemClock()
        self._client: dict[str, Any] = {**_CLIENT, "bootstrap.servers": bootstrap}
        self._admin = AdminClient(self._client)
        self._reader: Consumer | None = None

    def close(self) -> None:
        """Leave; nothing was committed."""
        if self._reader is not None:
            self._reader.close()

    def bounds(self, topic: str) -> Mapping[int, Bounds]:
        """Return what each partition holds; see `LogBook.bounds`."""
        metadata = self._asked(lambda: self._admin.list_topics(topic, timeout=ANSWER_S))
        partitions = [TopicPartition(topic, number) for number in metadata.topics[topic].partitions]
        if not partitions:
            raise StackAwayError(f"{topic} is not there")
        starts = self._offsets(partitions, OffsetSpec.earliest())
        ends = self._offsets(partitions, OffsetSpec.latest())
        return {number: Bounds(starts[number], ends[number]) for number in sorted(ends)}

    def read(self, topic: str, ranges: Mapping[int, Bounds]) -> Iterator[Arrived]:
        """Yield the records of ranges; see `LogBook.read`."""
        ends = {
            number: bounds.end for number, bounds in ranges.items() if bounds.start < bounds.end
        }
        if not ends:
            return
        consumer = self._consumer()
        consumer.assign([TopicPartition(topic, number, ranges[number].start) for number in ends])
        heard_at_ms = self._clock.monotonic_ms()
        while ends:
            messages = self._fetch(consumer)
            if messages:
                heard_at_ms = self._clock.monotonic_ms()
            elif self._clock.monotonic_ms() - heard_at_ms > SILENCE_MS:
                raise StackAwayError(f"{topic}/{min(ends)}: no record came for 10 s")
            for message in messages:
                number = int(message.partition() or 0)
                end = ends.get(number, 0)
                following = self._next_offset(message)
                if following >= end:
                    ends.pop(number, None)
                if following <= end and message.error() is None:
                    yield _arrived(message)

    def follow(self, topic: str, starts: Mapping[int, int], within_s: float) -> Iterator[Arrived]:
        """Yield records as they come; see `LogBook.follow`."""
        consumer = self._consumer()
        consumer.assign([TopicPartition(topic, *place) for place in starts.items()])
        deadline_ms = self._clock.monotonic_ms() + int(within_s * 1000)
        while self._clock.monotonic_ms() < deadline_ms:
            for message in self._fetch(consumer):
                self._next_offset(message)
                if message.error() is None:
                    yield _arrived(message)

    def offsets_at(self, topic: str, at_ms: int) -> Mapping[int, int]:
        """Return the first offsets from a time on; see `LogBook.offsets_at`."""
        ends = {number: bounds.end for number, bounds in self.bounds(topic).items()}
        spec = OffsetSpec.for_timestamp(at_ms)
        asked = {TopicPartition(topic, number): spec for number in ends}

        def ask() -> dict[int, int]:
            answers = self._admin.list_offsets(asked, request_timeout=ANSWER_S)
            return {tp.partition: f.result(timeout=ANSWER_S).offset for tp, f in answers.items()}

        found = self._asked(ask)
        return {number: end if found[number] < 0 else found[number] for number, end in ends.items()}

    def committed(self, group: str, topic: str) -> Mapping[int, int]:
        """Return a group's offsets; see `LogBook.committed`."""
        wanted = [TopicPartition(topic, number) for number in self.bounds(topic)]
        asked = [ConsumerGroupTopicPartitions(group, wanted)]
        answer = self._asked(
            lambda: self._admin.list_consumer_group_offsets(asked, request_timeout=ANSWER_S)[
                group
            ].result(timeout=ANSWER_S)
        )
        return {
            entry.partition: 0 if entry.offset == OFFSET_INVALID else entry.offset
            for entry in answer.topic_partitions
        }

    def append(self, topic: str, key: bytes, value: bytes, partition: int = 0) -> int:
        """Append a record; see `LogBook.append`."""
        producer = Producer(
            {
                **self._client,
                "enable.idempotence": True,
                "acks": "all",
                "delivery.timeout.ms": 4_000,
                "request.timeout.ms": 3_000,
                "linger.ms": 0,
            }
        )
        settled: list[tuple[KafkaError | None, Message]] = []
        producer.produce(
            topic,
            key=key,
            value=value,
            partition=partition,
            on_delivery=lambda *told: settled.append(told),
        )
        producer.flush(2 * ANSWER_S)
        error, message = settled[0] if settled else (None, None)
        if message is None or error is not None:
            reason = error.name() if error is not None else "no answer"
            raise StackAwayError(
                f"{topic}: Kafka did not acknowledge the record ({reason}); it may be there: "
                "repeat the command, which changes nothing when it is"
            )
        return int(message.timestamp()[1])

    def _offsets(self, partitions: list[TopicPartition], spec: OffsetSpec) -> dict[int, int]:
        def ask() -> dict[int, int]:
            asked = self._admin.list_offsets(
                dict.fromkeys(partitions, spec), request_timeout=ANSWER_S
            )
            offsets = {tp.partition: f.result(timeout=ANSWER_S).offset for tp, f in asked.items()}
            if min(offsets.values()) < 0:  # a question that timed out: no end, though no error
                raise TimeoutError(f"{partitions[0].topic}: a leader did not answer")
            return offsets

        return self._asked(ask)

    def _asked(self, question: Callable[[], T]) -> T:
        """Ask until there is an answer: a broker that has just started refuses for a moment."""
        deadline_ms = self._clock.monotonic_ms() + int(ANSWER_S * 1000)
        while True:
            try:
                return question()
            except (KafkaException, TimeoutError) as error:
                if self._clock.monotonic_ms() > deadline_ms or not _may_pass(error):
                    raise StackAwayError(
                        f"Kafka at {self._bootstrap} does not answer ({_name(error)})"
                    ) from error
                self._admin.poll(ASK_AGAIN_S)

    def _consumer(self) -> Consumer:
        if self._reader is None:
            self._reader = Consumer(
                {
                    **self._client,
                    "group.id": "seatline-cli-unused",
                    "enable.auto.commit": False,
                    "auto.offset.reset": "earliest",
                    "enable.partition.eof": True,
                    "fetch.wait.max.ms": 100,
                }
            )
        return self._reader

    def _fetch(self, consumer: Consumer) -> list[Message]:
        first = consumer.poll(0.5)
        return [] if first is None else [first, *consumer.consume(_BATCH, 0)]

    def _next_offset(self, message: Message) -> int:
        error = message.error()
        if error is None:
            return int(message.offset() or 0) + 1
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 (a public constant's name)
            return int(message.offset() or 0)
        raise StackAwayError(f"Kafka at {self._bootstrap}: {error.name()}")


def _may_pass(error: KafkaException | TimeoutError) -> bool:
    return isinstance(error, KafkaException) and (
        error.args[0].retriable() or error.args[0].code() in _PASSING
    )


def _name(error: KafkaException | TimeoutError) -> str:
    return str(error.args[0].name()) if isinstance(error, KafkaException) else "no answer"


def _arrived(message: Message) -> Arrived:
    return Arrived(
        str(message.topic()),
        int(message.partition() or 0),
        int(message.offset() or 0),
        message.timestamp()[1],
        message.value() or b"",
    )

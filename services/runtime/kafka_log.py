"""The log on a real broker, by confluent-kafka.

librdkafka fetches and sends in threads of its own; this adapter only moves what they have. Settings
are those that measurements chose: no linger, no Nagle, a message waits for nothing.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import structlog
from confluent_kafka import (
    OFFSET_BEGINNING,
    TIMESTAMP_LOG_APPEND_TIME,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from services.runtime.clock import Clock, SystemClock
from services.runtime.errors import PromiseBrokenError, TransientError
from services.runtime.kafka_ends import KafkaEnds
from services.runtime.kafka_stalls import KafkaStalls
from services.runtime.log_port import START, Arrived, End, SendError, Sent
from services.runtime.log_port import TopicPartition as Tp

log = structlog.get_logger()

_BATCH = 500
_FATAL_READS = {
    KafkaError._AUTO_OFFSET_RESET,  # noqa: SLF001 (the library's name of a public constant)
    KafkaError.OFFSET_OUT_OF_RANGE,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001
    KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001
    KafkaError._FATAL,  # noqa: SLF001
}
_LEADERS_AGE_MS = 2_000
"""The admin client asks the leader that it knows; of a dead one it hears nothing that would make it
look for the next, and so forgets leaders by itself: after a quarter of an hour, unless told."""
_CLIENT = {"socket.nagle.disable": True, "log_level": 2, "reconnect.backoff.max.ms": 1000}


@dataclass(frozen=True, slots=True)
class Fetching:
    """How long the broker holds a fetch back to fill it."""

    wait_max_ms: int
    min_bytes: int


AT_ONCE = Fetching(100, 1)
"""A record is handed over as it comes, with what came since the last poll: for who decides by it
or shows it.

A partition assigned or resumed while a fetch waits is read two to three waits later, hence the
limit: an heir of a partition had to wait half a second for its inputs with one of 200 ms.
"""
IN_BULK = Fetching(100, 1_000_000)
"""Records of up to 100 ms come together: one answer of the broker in place of one a record."""

_REFRESH_MS = 1_000
"""Leaders are asked for so often: who had none for a moment may otherwise be left without."""
_KNOWN_FOR_MS = 90_000
"""Three times the refresh if not set: what a broker said that has been away since stays true."""
_MEET_WITHIN_S = 1.0
_LOOK_EVERY_MS = 250


class KafkaLogReader:
    """Reads assigned partitions; positions are the caller's, never the broker's."""

    def __init__(
        self,
        bootstrap: str,
        name: str,
        clock: Clock | None = None,
        fetching: Fetching = AT_ONCE,
    ) -> None:
        """Connect in the background.

        Args:
            bootstrap: Addresses, `host:port[,host:port]`.
            name: Client id, for the broker's logs.
            clock: Monotonic clock for the age of ends.
            fetching: How records are waited for.
        """
        self._clock = clock or SystemClock()
        self._settings: dict[str, str | int | bool] = {
            **_CLIENT,
            "bootstrap.servers": bootstrap,
            "client.id": name,
            "group.id": f"{name}-unused",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",
            "fetch.wait.max.ms": fetching.wait_max_ms,
            "fetch.min.bytes": fetching.min_bytes,
            "fetch.queue.backoff.ms": 1,
            "queued.max.messages.kbytes": 16_384,
            "topic.metadata.refresh.interval.ms": _REFRESH_MS,
            "metadata.max.age.ms": _KNOWN_FOR_MS,
        }
        self._consumer = Consumer(self._settings)
        admin = AdminClient(
            {
                **_CLIENT,
                "bootstrap.servers": bootstrap,
                "client.id": name,
                "metadata.max.age.ms": _LEADERS_AGE_MS,
            }
        )
        self._ends = KafkaEnds(admin, self._clock)
        self._next: dict[Tp, int] = {}
        self._paused: set[Tp] = set()
        self._stalls = KafkaStalls()
        self._looked_at_ms = 0
        self._emptied = False
        """Whether all that had come was handed out at some time since the last look."""

    def assign(self, starts: Mapping[Tp, int]) -> None:
        """Read exactly these partitions; those assigned already keep their place."""
        gone = [tp for tp in self._next if tp not in starts]
        new = {tp: offset for tp, offset in starts.items() if tp not in self._next}
        self._paused.difference_update(gone)
        for tp in gone:
            del self._next[tp]
        if gone:
            self._consumer.incremental_unassign([TopicPartition(*tp) for tp in gone])
        if new:
            self._meet({topic for topic, _ in new} - {topic for topic, _ in self._next})
            self._fetch(new)
        self._next.update(new)
        self._ends.watch(self._next)

    def _fetch(self, starts: Mapping[Tp, int]) -> None:
        self._consumer.incremental_assign(
            [TopicPartition(*tp, _kafka_offset(offset)) for tp, offset in starts.items()]
        )

    def _meet(self, topics: Iterable[str]) -> None:
        """Learn who leads a topic before it is assigned.

        librdkafka looks once a second whether it knows the leaders of what was assigned: a topic
        that is new to it is read 1.7 s later, one that it was asked about after a few fetches.
        """
        for topic in topics:
            with suppress(KafkaException):  # then it learns it in its own time
                self._consumer.list_topics(topic, timeout=_MEET_WITHIN_S)

    def seek(self, tp: Tp, offset: int) -> None:
        """Go on from another offset; what was fetched before is dropped."""
        if tp in self._next:
            self._consumer.incremental_unassign([TopicPartition(*tp)])
        self._fetch({tp: offset})
        self._next[tp] = offset

    def pause(self, tps: Collection[Tp]) -> None:
        """Return nothing more of these partitions for now."""
        self._paused.update(tps)
        self._consumer.pause([TopicPartition(*tp) for tp in tps])

    def resume(self, tps: Collection[Tp]) -> None:
        """Return records of these partitions again."""
        self._paused.difference_update(tps)
        self._consumer.resume([TopicPartition(*tp) for tp in tps])

    def poll(self, timeout_s: float) -> list[Arrived]:
        """Return what arrived, at most 500 records; see `LogReader.poll`."""
        self._ends.look()
        self._look_for_stalls()
        try:
            first = self._consumer.poll(timeout_s)
            if first is None:
                self._emptied = True
                return []
            messages = [first, *self._consumer.consume(_BATCH - 1, 0.0)]
        except KafkaException as error:
            raise PromiseBrokenError(f"reading failed: {error.args[0].str()}") from error
        self._emptied = self._emptied or len(messages) < _BATCH
        return [arrived for message in messages if (arrived := self._arrived(message))]

    def ends(self) -> Mapping[Tp, End]:
        """Return the newest known ends."""
        return self._ends.known

    def at_end(self, tp: Tp, within_ms: int) -> bool:
        """Tell whether all of the partition was returned, by an end asked for recently."""
        end = self._ends.known.get(tp)
        if end is None or self._clock.monotonic_ms() - end.asked_at_ms > within_ms:
            return False
        return self._next.get(tp, START) >= end.offset or end.offset == 0

    def close(self) -> None:
        """Leave; nothing is committed, as positions are kept in the logs."""
        self._consumer.close()

    def _look_for_stalls(self) -> None:
        now_ms = self._clock.monotonic_ms()
        if now_ms - self._looked_at_ms < _LOOK_EVERY_MS:
            return
        self._looked_at_ms = now_ms
        # Behind a backlog of others, what has come long ago may wait to be handed out.
        idle = self._paused if self._emptied else self._next.keys()
        self._emptied = False
        still = self._stalls.look(self._next, self._ends.known, idle, now_ms)
        for tp in still:
            offset, end = self._next[tp], self._ends.known[tp].offset
            log.warning("read anew", topic=tp[0], partition=tp[1], offset=offset, end=end)
        if still:
            self._begin_anew()

    def _begin_anew(self) -> None:
        """Read on with another client: what is known to hold one up ends with it alone."""
        former, self._consumer = self._consumer, Consumer(self._settings)
        threading.Thread(target=former.close, name="closing", daemon=True).start()
        self._meet({topic for topic, _ in self._next})
        self._fetch(self._next)
        if self._paused:
            self.pause(self._paused)

    def _arrived(self, message: Message) -> Arrived | None:
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        error = message.error()
        if error is not None:
            if error.code() in _FATAL_READS:
                raise PromiseBrokenError(
                    f"{topic}/{partition}: {error.str()}; nothing resets by itself: compare "
                    "retention and topic id with this reader's position"
                )
            return None  # librdkafka retries these by itself
        tp = (str(topic), int(partition or 0))
        if tp not in self._next:
            return None  # fetched before it was unassigned
        self._next[tp] = int(offset or 0) + 1
        return Arrived(*tp, int(offset or 0), message.timestamp()[1], message.value() or b"")


class KafkaLogWriter:
    """Appends with an idempotent producer; a record not acknowledged in time is an error."""

    def __init__(self, bootstrap: str, name: str, ack_deadline_ms: int = 15_000) -> None:
        """Connect in the background.

        Args:
            bootstrap: Addresses, `host:port[,host:port]`.
            name: Client id, for the broker's logs.
            ack_deadline_ms: A send that is not acknowledged by then is settled as `SendError`.
        """
        self._fatal: str | None = None
        self._producer = Producer(
            {
                **_CLIENT,
                "bootstrap.servers": bootstrap,
                "client.id": name,
                "enable.idempotence": True,
                "acks": "all",
                "linger.ms": 0,
                "compression.type": "none",
                "delivery.timeout.ms": ack_deadline_ms,
                "request.timeout.ms": min(5_000, ack_deadline_ms),
                "queue.buffering.max.messages": 10_000,
                "error_cb": self._on_error,
            }
        )

    def send(
        self,
        tp: Tp,
        value: bytes,
        done: Callable[[Sent | SendError], None],
        key: bytes | None = None,
    ) -> None:
        """Append a record; see `LogWriter.send`."""
        try:
            self._producer.produce(
                tp[0],
                value=value,
                key=key,
                partition=tp[1],
                on_delivery=lambda error, message: done(_settled(tp, error, message)),
            )
        except BufferError as error:
            raise TransientError(f"{tp[0]}/{tp[1]}: the local send queue is full") from error
        except KafkaException as error:
            raise PromiseBrokenError(f"{tp[0]}/{tp[1]}: {error.args[0].str()}") from error

    def serve(self, timeout_s: float = 0.0) -> None:
        """Call the `done` of what was settled; see `LogWriter.serve`."""
        self._producer.poll(timeout_s)
        if self._fatal is not None:
            raise PromiseBrokenError(f"producer: {self._fatal}")

    def flush(self, timeout_s: float) -> int:
        """Wait until all is settled; return how many records are not."""
        return self._producer.flush(timeout_s)

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            self._fatal = error.str()


def _kafka_offset(offset: int) -> int:
    return OFFSET_BEGINNING if offset == START else offset


def _settled(tp: Tp, error: KafkaError | None, message: Message) -> Sent | SendError:
    if error is not None:
        return SendError(*tp, error.str())
    kind, stamp = message.timestamp()
    appended = stamp if kind == TIMESTAMP_LOG_APPEND_TIME else None
    return Sent(*tp, int(message.offset() or 0), appended)

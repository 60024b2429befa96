"""The reader of a real broker over a client that does as the test says."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from services.runtime import kafka_log
from services.runtime.kafka_log import KafkaLogReader
from services.runtime.kafka_stalls import STALLED_MS
from tests.fakes.log import FakeClock
from tests.support.eventually import eventually

BACKLOG, LATE = ("backlog", 0), ("late", 0)
LOOK_MS = STALLED_MS // 4


class Client:
    """A consumer: hands out what it was given, in order."""

    made: list["Client"]
    ended = 0

    def __init__(self, _: Mapping[str, Any]) -> None:
        self.given: deque[SimpleNamespace] = deque()
        self.fetched: dict[tuple[str, int], int] = {}
        self.paused: set[tuple[str, int]] = set()
        self.made.append(self)

    def give(self, tp: tuple[str, int], *offsets: int) -> None:
        self.given.extend(_message(tp, offset) for offset in offsets)

    def poll(self, _: float) -> SimpleNamespace | None:
        return self.given.popleft() if self.given else None

    def consume(self, most: int, _: float) -> list[SimpleNamespace]:
        return [self.given.popleft() for _ in range(min(most, len(self.given)))]

    def incremental_assign(self, partitions: Sequence[TopicPartition]) -> None:
        self.fetched |= {(each.topic, each.partition): each.offset for each in partitions}

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        self.paused |= {(each.topic, each.partition) for each in partitions}

    def list_topics(self, *_: object, **__: object) -> None:
        pass

    def close(self) -> None:
        Client.ended += 1


class Ends:
    """An admin client: every partition has so many records."""

    def __init__(self, _: Mapping[str, Any]) -> None:
        pass

    def list_offsets(self, asked: Mapping[TopicPartition, Any], **_: Any) -> dict[Any, Future[Any]]:
        return {tp: _answer(SimpleNamespace(offset=100_000)) for tp in asked}

    def describe_topics(self, *_: object, **__: Any) -> dict[str, Future[Any]]:
        return {}


def _answer(value: object) -> "Future[Any]":
    answer: Future[Any] = Future()
    answer.set_result(value)
    return answer


def _message(tp: tuple[str, int], offset: int) -> SimpleNamespace:
    said: dict[str, Callable[[], object]] = {
        "topic": lambda: tp[0],
        "partition": lambda: tp[1],
        "offset": lambda: offset,
        "error": lambda: None,
        "timestamp": lambda: (1, 0),
        "value": lambda: b"",
    }
    return SimpleNamespace(**said)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    monkeypatch.setattr(Client, "made", [], raising=False)
    monkeypatch.setattr(Client, "ended", 0)
    monkeypatch.setattr(kafka_log, "Consumer", Client)
    monkeypatch.setattr(kafka_log, "AdminClient", Ends)
    return FakeClock()


def poll_for(reader: KafkaLogReader, clock: FakeClock, ms: int) -> None:
    for _ in range(ms // LOOK_MS):
        clock.advance(LOOK_MS)
        reader.poll(0.0)


def test_whoever_gets_nothing_reads_on_with_another_client_from_where_it_was(
    clock: FakeClock,
) -> None:
    reader = KafkaLogReader("nowhere:1", "reader", clock)
    reader.assign({BACKLOG: 7, LATE: 0})
    reader.pause([BACKLOG])
    [first] = Client.made
    first.give(LATE, 0, 1, 2)
    poll_for(reader, clock, STALLED_MS)
    assert Client.made == [first]
    poll_for(reader, clock, STALLED_MS)
    [_, second] = Client.made
    assert second.fetched == {BACKLOG: 7, LATE: 3}
    assert second.paused == {BACKLOG}
    eventually(lambda: Client.ended == 1)
    second.give(LATE, 3)
    assert [arrived.offset for arrived in reader.poll(0.0)] == [3]


def test_what_waits_here_behind_a_backlog_of_others_does_not_stand_still(clock: FakeClock) -> None:
    reader = KafkaLogReader("nowhere:1", "reader", clock)
    reader.assign({BACKLOG: 0, LATE: 0})
    [client] = Client.made
    client.give(BACKLOG, *range(20_000))
    client.give(LATE, 0)
    poll_for(reader, clock, 10 * STALLED_MS)
    assert Client.made == [client]

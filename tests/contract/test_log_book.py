"""What every `LogBook` and `Appends` of the command line promises: the fake and the real one."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import pytest

from services.cli.adapters.kafka_appends import KafkaAppends
from services.cli.adapters.kafka_log_book import KafkaLogBook
from services.cli.adapters.log_book import Appends, Bounds, LogBook
from services.cli.errors import StackAwayError
from tests.fakes.log_book import InMemoryAppends, InMemoryLogBook

TWO = 2


@dataclass
class Place:
    book: LogBook
    appends: Appends
    topic: str

    def read(self, partition: int, start: int, end: int) -> list[tuple[int, bytes]]:
        found = self.book.read(self.topic, {partition: Bounds(start, end)})
        return [(arrived.offset, arrived.value) for arrived in found]


@contextmanager
def real(request: pytest.FixtureRequest) -> Iterator[Place]:
    broker = request.getfixturevalue("kafka_stack")
    topic = broker.fresh_topic(partitions=TWO)
    with closing(KafkaLogBook(broker.address)) as book:
        yield Place(book, KafkaAppends(broker.address), topic)


@pytest.fixture(params=["fake", pytest.param("kafka", marks=pytest.mark.integration)])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "fake":
        book = InMemoryLogBook(TWO)
        yield Place(book, InMemoryAppends(book), "test")
    else:
        with real(request) as found:
            yield found


def test_what_was_appended_lies_at_the_offsets_returned(place: Place) -> None:
    records = [(place.topic, number % TWO, f"{number}".encode()) for number in range(5)]
    assert place.appends.append_all(records) == [0, 0, 1, 1, 2]
    assert place.book.bounds(place.topic) == {0: Bounds(0, 3), 1: Bounds(0, 2)}
    assert place.read(0, 1, 3) == [(1, b"2"), (2, b"4")]
    assert place.appends.append_all([(place.topic, 1, b"later")]) == [2]


def test_nothing_to_append_is_appended(place: Place) -> None:
    assert list(place.appends.append_all([])) == []


def test_a_range_without_records_is_read_as_empty(place: Place) -> None:
    place.appends.append_all([(place.topic, 0, b"only")])
    assert place.read(0, 1, 1) == []
    assert place.read(1, 0, 0) == []


def test_offsets_at_a_time_are_those_of_the_first_record_from_then_on(place: Place) -> None:
    place.appends.append_all([(place.topic, 0, b"first"), (place.topic, 0, b"second")])
    arrived = list(place.book.read(place.topic, {0: Bounds(0, 2)}))
    first_ms, last_ms = arrived[0].appended_at_ms, arrived[1].appended_at_ms
    assert place.book.offsets_at(place.topic, first_ms - 1_000) == {0: 0, 1: 0}
    assert place.book.offsets_at(place.topic, last_ms + 1_000) == {0: 2, 1: 0}


def test_a_broker_that_is_not_there_is_away_and_says_what_to_do(unused_tcp_port: int) -> None:
    away = KafkaAppends(f"127.0.0.1:{unused_tcp_port}")
    with pytest.raises(StackAwayError, match="repeat the command"):
        away.append_all([("test", 0, b"value")])

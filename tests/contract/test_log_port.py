"""What every `LogReader` and `LogWriter` promises: the fake, the simulated and the real one."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import pytest

from services.runtime.errors import PromiseBrokenError
from services.runtime.kafka_log import AT_ONCE, IN_BULK, Fetching, KafkaLogReader, KafkaLogWriter
from services.runtime.log_port import START, Arrived, LogReader, LogWriter, SendError, Sent
from services.runtime.two_speed_reader import TwoSpeedReader
from tests.fakes.log import FakeClock, InMemoryBroker, InMemoryLogReader, InMemoryLogWriter
from tests.simtest.driven import DrivenLog
from tests.support.eventually import eventually

POLL_S = 0.1


@dataclass
class Log:
    """A broker with a topic of two partitions, and how to connect to it."""

    topic: str
    new_reader: Callable[[], LogReader]
    writer: LogWriter

    @contextmanager
    def reader(self, *partitions: int, start: int = START) -> Iterator[LogReader]:
        with closing(self.new_reader()) as reader:
            reader.assign({(self.topic, number): start for number in partitions})
            yield reader

    def append(self, partition: int, *values: bytes) -> list[Sent]:
        results: list[Sent | SendError] = []
        for value in values:
            self.writer.send((self.topic, partition), value, results.append)
        assert self.writer.flush(20) == 0
        sent = [result for result in results if isinstance(result, Sent)]
        assert len(sent) == len(values)
        return sent


@pytest.fixture(
    params=[
        "fake",
        "simulated",
        pytest.param("kafka", marks=pytest.mark.integration),
        pytest.param("kafka in bulk", marks=pytest.mark.integration),
    ]
)
def log(request: pytest.FixtureRequest) -> Log:
    if request.param == "fake":
        memory = InMemoryBroker(FakeClock())
        return Log("test", lambda: InMemoryLogReader(memory), InMemoryLogWriter(memory))
    if request.param == "simulated":
        simulated = DrivenLog()
        return Log("test", simulated.reader, simulated.writer())
    broker = request.getfixturevalue("kafka_stack")
    address, names = broker.address, itertools.count()
    writer = KafkaLogWriter(address, "contract")
    topic = broker.fresh_topic("contract", partitions=2)

    def reader(fetching: Fetching = AT_ONCE) -> LogReader:
        return KafkaLogReader(address, f"contract-{next(names)}", fetching=fetching)

    if request.param == "kafka":
        return Log(topic, reader, writer)
    return Log(topic, lambda: TwoSpeedReader(reader(), reader(IN_BULK), [topic]), writer)


def read(reader: LogReader, count: int) -> list[Arrived]:
    arrived: list[Arrived] = []

    def enough() -> bool:
        arrived.extend(reader.poll(POLL_S))
        return len(arrived) >= count

    eventually(enough)
    assert len(arrived) == count
    return arrived


def values(arrived: list[Arrived]) -> list[bytes]:
    return [record.value for record in arrived]


def test_what_was_acknowledged_is_read_with_its_offset_and_append_time(log: Log) -> None:
    sent = log.append(1, b"one", b"two")
    with log.reader(0, 1) as reader:
        arrived = read(reader, 2)
    assert values(arrived) == [b"one", b"two"]
    assert [(a.topic, a.partition, a.offset) for a in arrived] == [
        (log.topic, 1, 0),
        (log.topic, 1, 1),
    ]
    assert [a.appended_at_ms for a in arrived] == [s.appended_at_ms for s in sent]


def test_a_sender_hears_of_its_record_only_when_it_serves(log: Log) -> None:
    heard: list[Sent | SendError] = []
    log.writer.send((log.topic, 0), b"one", heard.append)
    assert heard == []
    log.writer.flush(20)
    assert [(s.topic, s.partition) for s in heard] == [(log.topic, 0)]


def test_records_of_a_partition_are_read_in_the_order_of_sending(log: Log) -> None:
    wanted = [b"%d" % number for number in range(1_200)]
    log.append(0, *wanted)
    with log.reader(0) as reader:
        assert values(read(reader, 1_200)) == wanted


def test_a_poll_returns_at_most_five_hundred_records(log: Log) -> None:
    log.append(0, *[b"x"] * 1_200)
    sizes: list[int] = []
    with log.reader(0) as reader:

        def all_read() -> bool:
            sizes.append(len(reader.poll(POLL_S)))
            return sum(sizes) == 1_200

        eventually(all_read)
    assert max(sizes) <= 500


def test_a_reader_starts_where_it_is_told(log: Log) -> None:
    log.append(0, b"a", b"b", b"c")
    with log.reader(0, start=2) as reader:
        assert values(read(reader, 1)) == [b"c"]


def test_what_is_assigned_already_keeps_its_place(log: Log) -> None:
    log.append(0, b"a")
    with log.reader(0) as reader:
        read(reader, 1)
        log.append(0, b"b")
        log.append(1, b"c")
        reader.assign({(log.topic, 0): START, (log.topic, 1): START})
        assert sorted(values(read(reader, 2))) == [b"b", b"c"]


def test_what_is_no_longer_assigned_is_no_longer_read(log: Log) -> None:
    with log.reader(0, 1) as reader:
        reader.assign({(log.topic, 1): START})
        log.append(0, b"a")
        log.append(1, b"b")
        assert values(read(reader, 1)) == [b"b"]
        assert (log.topic, 0) not in reader.ends()


def test_what_is_assigned_again_starts_where_it_is_told(log: Log) -> None:
    log.append(0, b"a", b"b")
    with log.reader(0) as reader:
        read(reader, 2)
        reader.assign({})
        reader.assign({(log.topic, 0): 1})
        assert values(read(reader, 1)) == [b"b"]


def test_a_reader_goes_on_from_where_it_seeks(log: Log) -> None:
    log.append(0, b"a", b"b", b"c")
    with log.reader(0) as reader:
        read(reader, 3)
        reader.seek((log.topic, 0), 1)
        assert values(read(reader, 2)) == [b"b", b"c"]
        reader.seek((log.topic, 0), START)
        assert values(read(reader, 3)) == [b"a", b"b", b"c"]


def test_a_seek_after_a_poll_repeats_nothing_fetched_before(log: Log) -> None:
    log.append(0, *[b"%d" % number for number in range(1_500)])
    with log.reader(0) as reader:
        first = eventually(lambda: reader.poll(POLL_S))
        assert first[0].offset == 0
        reader.seek((log.topic, 0), 1_499)
        assert [record.offset for record in read(reader, 1)] == [1_499]


def test_what_is_paused_waits_and_nothing_of_it_is_lost(log: Log) -> None:
    log.append(0, b"a")
    with log.reader(0, 1) as reader:
        read(reader, 1)
        reader.pause([(log.topic, 0)])
        log.append(0, b"b", b"c")
        log.append(1, b"d")
        assert values(read(reader, 1)) == [b"d"]
        reader.resume([(log.topic, 0)])
        assert values(read(reader, 2)) == [b"b", b"c"]


def test_the_end_is_known_and_reached_when_all_was_returned(log: Log) -> None:
    tp = (log.topic, 0)
    log.append(0, b"a", b"b")
    with log.reader(0) as reader:
        assert not reader.at_end(tp, 1_000)
        read(reader, 2)
        eventually(lambda: reader.poll(POLL_S) == [] and reader.at_end(tp, 1_000))
        end = reader.ends()[tp]
        assert end.offset == 2
        assert end.asked_at_ms <= end.answered_at_ms


def test_the_end_is_not_reached_while_something_is_unread(log: Log) -> None:
    tp = (log.topic, 0)
    with log.reader(0) as reader:
        reader.pause([tp])
        log.append(0, b"a")
        eventually(lambda: reader.poll(POLL_S) == [] and tp in reader.ends())
        eventually(lambda: reader.poll(POLL_S) == [] and reader.ends()[tp].offset == 1)
        assert not reader.at_end(tp, 60_000)
        reader.resume([tp])
        read(reader, 1)
        eventually(lambda: reader.poll(POLL_S) == [] and reader.at_end(tp, 60_000))


def test_the_end_of_an_empty_partition_is_reached(log: Log) -> None:
    with log.reader(0) as reader:
        eventually(lambda: reader.poll(POLL_S) == [] and reader.at_end((log.topic, 0), 1_000))


def test_an_offset_out_of_range_stops_and_resets_nothing(log: Log) -> None:
    log.append(0, b"a")

    def poll_for_ever() -> None:
        eventually(lambda: reader.poll(POLL_S))

    with (
        log.reader(0, start=7) as reader,
        pytest.raises(PromiseBrokenError, match=f"{log.topic}/0"),
    ):
        poll_for_ever()

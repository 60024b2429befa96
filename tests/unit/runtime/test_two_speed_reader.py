from services.runtime.log_port import Arrived
from services.runtime.two_speed_reader import TwoSpeedReader
from tests.fakes.log import FakeClock, InMemoryBroker, InMemoryLogReader

URGENT = ("urgent", 0)
FOLLOWED = ("followed", 0)


class Readers:
    """A broker with a topic of each kind, and the reader of both."""

    def __init__(self) -> None:
        self.broker = InMemoryBroker(FakeClock())
        self.at_once = _Waiting(self.broker)
        self.in_bulk = _Waiting(self.broker)
        self.both = TwoSpeedReader(self.at_once, self.in_bulk, ["followed"])
        self.both.assign({URGENT: 0, FOLLOWED: 0})

    def values(self, timeout_s: float = 0.05) -> list[bytes]:
        return [arrived.value for arrived in self.both.poll(timeout_s)]


class _Waiting(InMemoryLogReader):
    """Remembers how long it was asked to wait."""

    waited_s = -1.0

    def poll(self, timeout_s: float) -> list[Arrived]:
        self.waited_s = timeout_s
        return super().poll(timeout_s)


def test_each_topic_is_read_by_the_reader_of_its_speed() -> None:
    readers = Readers()
    readers.broker.append(URGENT, b"u")
    readers.broker.append(FOLLOWED, b"f")
    assert readers.values() == [b"u", b"f"]
    assert set(readers.at_once.next) == {URGENT}
    assert set(readers.in_bulk.next) == {FOLLOWED}
    assert {tp: end.offset for tp, end in readers.both.ends().items()} == {URGENT: 1, FOLLOWED: 1}


def test_only_what_is_wanted_at_once_is_waited_for() -> None:
    readers = Readers()
    readers.values(0.05)
    assert (readers.at_once.waited_s, readers.in_bulk.waited_s) == (0.05, 0.0)


def test_a_backlog_in_bulk_is_read_without_waiting_in_between() -> None:
    readers = Readers()
    readers.broker.append(FOLLOWED, b"f")
    readers.values(0.05)
    assert readers.at_once.waited_s == 0.0


def test_seek_pause_and_resume_reach_the_reader_of_the_topic() -> None:
    readers = Readers()
    for tp in (URGENT, FOLLOWED):
        readers.broker.append(tp, b"x")
    readers.both.pause([URGENT, FOLLOWED])
    assert readers.values() == []
    readers.both.resume([URGENT, FOLLOWED])
    assert readers.values() == [b"x", b"x"]
    readers.both.seek(FOLLOWED, 0)
    assert not readers.both.at_end(FOLLOWED, 1_000)
    assert readers.both.at_end(URGENT, 1_000)
    assert readers.values() == [b"x"]


def test_closing_closes_both() -> None:
    readers = Readers()
    readers.both.close()
    assert not readers.at_once.next
    assert not readers.in_bulk.next

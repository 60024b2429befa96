import pytest
import structlog
from prometheus_client import CollectorRegistry

from seatline.dead.v1 import dead_pb2
from services.runtime.dead_letters import CEILING
from services.runtime.errors import PoisonError, PromiseBrokenError
from services.runtime.fenced_log.header import Failure
from services.runtime.fenced_log.turn import Pending
from services.runtime.lifecycle import Process
from services.runtime.set_aside import DEAD, SetAside
from services.runtime.telemetry import Health
from tests.fakes.log import FakeClock, InMemoryBroker, InMemoryLogWriter


class Bench:
    """What is set aside goes to an in-memory log, acknowledged when it is served."""

    def __init__(self) -> None:
        clock = FakeClock()
        self.broker = InMemoryBroker(clock)
        self.writer = InMemoryLogWriter(self.broker)
        process = Process(
            "tally-0", structlog.get_logger(), Health(clock), CollectorRegistry(), clock
        )
        self.set_aside = SetAside(process, self.writer, "tally")

    def send(self, *items: int | PoisonError, index: int = 0, subject: str = "") -> None:
        pending = Pending(("paced", 1), 7, 0, list(enumerate(items)))
        failure = Failure("paced", 1, 7, index, 3, set_aside=True, reason="ValueError")
        self.set_aside.send(failure, pending, subject)

    def letters(self) -> list[dead_pb2.DeadLetter]:
        records = self.broker.records((DEAD, 1))
        return [dead_pb2.DeadLetter.FromString(record.value) for record in records]


def test_an_input_is_in_the_dead_letters_when_sending_returns() -> None:
    bench = Bench()
    bench.send(5, 6, index=1)
    (letter,) = bench.letters()
    assert (letter.service, letter.topic, letter.partition) == ("tally", "paced", 1)
    assert (letter.offset, letter.index) == (7, 1)
    assert letter.reason == dead_pb2.DEAD_REASON_UNDECIDABLE


def test_the_letter_of_what_cannot_be_read_names_its_field() -> None:
    bench = Bench()
    bench.send(PoisonError("must have a name", "name"))
    (letter,) = bench.letters()
    assert (letter.reason, letter.field) == (dead_pb2.DEAD_REASON_UNREADABLE, "name")


def test_the_letter_names_what_the_input_is_about_when_that_is_known() -> None:
    bench = Bench()
    bench.send(5, subject="c-1")
    bench.send(5)
    assert [letter.contact_id for letter in bench.letters()] == ["c-1", ""]


def test_a_letter_that_is_not_acknowledged_stops_the_process() -> None:
    bench = Bench()
    bench.writer.lose_acks = True
    with pytest.raises(PromiseBrokenError, match="a dead letter was not acknowledged"):
        bench.send(5)


def test_too_many_letters_stop_the_process_with_the_last_one_kept() -> None:
    bench = Bench()
    for _ in range(CEILING):
        bench.send(5)
    with pytest.raises(PromiseBrokenError, match="inputs were set aside within a minute") as said:
        bench.send(5)
    assert "see `seatline dead list`" in str(said.value)
    assert len(bench.letters()) == CEILING + 1

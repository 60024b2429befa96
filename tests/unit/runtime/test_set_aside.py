import pytest
import structlog
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from seatline.dead.v1 import dead_pb2
from services.runtime.dead_letters import CEILING, WINDOW_MS
from services.runtime.errors import HeldBackError, PoisonError, PromiseBrokenError
from services.runtime.fenced_log.header import Failure
from services.runtime.fenced_log.turn import Pending
from services.runtime.lifecycle import Process
from services.runtime.set_aside import DEAD, SetAside
from services.runtime.telemetry import Health
from tests.fakes.log import FakeClock, InMemoryBroker, InMemoryLogWriter


class Bench:
    """What is set aside goes to an in-memory log, acknowledged when it is served."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.broker = InMemoryBroker(self.clock)
        self.start()

    def start(self) -> None:
        clock = self.clock
        self.writer = InMemoryLogWriter(self.broker)
        process = Process(
            "tally-0", structlog.get_logger(), Health(clock), CollectorRegistry(), clock
        )
        self.set_aside = SetAside(process, self.writer, "tally")

    def send(
        self, *items: int | PoisonError, index: int = 0, subject: str = "", partition: int = 1
    ) -> None:
        pending = Pending(("paced", partition), 7, 0, list(enumerate(items)))
        failure = Failure("paced", partition, 7, index, 3, set_aside=True, reason="ValueError")
        self.set_aside.send(failure, pending, subject)

    def letters(self, partition: int = 1) -> list[dead_pb2.DeadLetter]:
        records = self.broker.records((DEAD, partition))
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


def test_beyond_the_ceiling_an_input_is_held_back_and_said_once_with_what_to_do() -> None:
    bench = Bench()
    for _ in range(CEILING):
        bench.send(5)
    with capture_logs() as logged:
        for _ in range(3):
            with pytest.raises(HeldBackError):
                bench.send(5)
    assert len(bench.letters()) == CEILING
    (line,) = [each for each in logged if each["event"] == "inputs held back"]
    assert (line["log_level"], line["topic"], line["partition"]) == ("error", "paced", 1)
    assert "see `seatline dead list`" in line["why"]


def test_what_was_held_back_is_given_up_when_the_minute_is_over() -> None:
    bench = Bench()
    for _ in range(CEILING):
        bench.send(5)
    with pytest.raises(HeldBackError):
        bench.send(5)
    bench.clock.advance(WINDOW_MS)
    bench.send(5)
    assert len(bench.letters()) == CEILING + 1


def test_a_process_that_starts_again_does_not_run_into_the_ceiling_of_its_former_life() -> None:
    bench = Bench()
    for _ in range(CEILING):
        bench.send(5)
    bench.start()
    bench.send(5)
    assert len(bench.letters()) == CEILING + 1


def test_the_ceiling_of_one_partition_is_not_that_of_another() -> None:
    bench = Bench()
    for _ in range(CEILING):
        bench.send(5)
    bench.send(5, partition=0)
    assert len(bench.letters(0)) == 1

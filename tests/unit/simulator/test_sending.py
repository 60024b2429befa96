from collections.abc import Callable

import pytest

from services.runtime.log_port import SendError, Sent
from services.simulator.domain.arrivals import Arrival, Part
from services.simulator.handlers.sending import BATCH_CONTACTS, Sending
from tests.fakes.simulator import FakeTicks, InMemoryJournal, PlainMint


class SlowLog:
    """Acknowledges a record `ack_ms` after it was sent; `fail` makes the next ones fail."""

    def __init__(self, ticks: FakeTicks, ack_ms: float = 10.0) -> None:
        self.ticks, self.ack_ms, self.fail = ticks, ack_ms, 0
        self.records: list[tuple[tuple[str, int], list[str]]] = []
        self.flying: list[tuple[float, tuple[str, int], Callable[[Sent | SendError], None]]] = []

    def send(
        self, tp: tuple[str, int], value: bytes, done: Callable[[Sent | SendError], None]
    ) -> None:
        assert all(other != tp for _, other, _ in self.flying), "two records in flight"
        self.records.append((tp, value.decode().split(" ")))
        self.flying.append((self.ticks.mono + self.ack_ms, tp, done))

    def serve(self, timeout_s: float = 0.0) -> None:
        self.ticks.mono += max(1.0, timeout_s * 1_000.0 / 10)
        for item in [item for item in self.flying if item[0] <= self.ticks.mono]:
            self.flying.remove(item)
            _, tp, done = item
            if self.fail:
                self.fail -= 1
                done(SendError(*tp, "away"))
            else:
                done(Sent(*tp, len(self.records), None))


def arrivals(*times: float, foreign: bool = False) -> list[Arrival]:
    return [
        Arrival(number, at_ms, "S1", "", 5, foreign=foreign, part=Part.MEASURED)
        for number, at_ms in enumerate(times)
    ]


def sender(partitions: int = 1, ack_ms: float = 10.0) -> tuple[Sending, SlowLog, InMemoryJournal]:
    ticks, journal = FakeTicks(), InMemoryJournal()
    log = SlowLog(ticks, ack_ms)
    return Sending(log, PlainMint(partitions), journal, ticks), log, journal


def sent(log: SlowLog) -> list[list[str]]:
    return [contacts for _, contacts in log.records]


def test_a_batch_is_what_gathered_while_the_last_send_was_in_flight() -> None:
    sending, log, _ = sender(ack_ms=10.0)
    sending.run(arrivals(0.0, 2.0, 4.0, 6.0, 100.0), 0.0)
    assert sent(log) == [["run-0"], ["run-1", "run-2", "run-3"], ["run-4"]]


def test_nothing_is_sent_before_its_time() -> None:
    sending, log, _ = sender()
    sending.run(arrivals(1_000.0), 500.0)
    assert log.ticks.mono >= 1_500.0


def test_partitions_do_not_wait_for_each_other() -> None:
    sending, log, _ = sender(partitions=2)
    sending.run(arrivals(0.0, 0.0), 0.0)
    assert [tp for tp, _ in log.records] == [("contacts", 0), ("contacts", 1)]


def test_a_record_never_holds_more_than_its_limit() -> None:
    sending, log, _ = sender()
    sending.run(arrivals(*[0.0] * (BATCH_CONTACTS + 1)), 0.0)
    assert [len(contacts) for contacts in sent(log)] == [BATCH_CONTACTS, 1]


def test_foreign_contacts_go_one_a_record() -> None:
    sending, log, _ = sender()
    sending.run(arrivals(0.0, 0.0, foreign=True), 0.0)
    assert [tp for tp, _ in log.records] == [("foreign", 0), ("foreign", 0)]
    assert sent(log) == [["run-0"], ["run-1"]]


def test_every_acknowledged_contact_is_journalled_with_its_place() -> None:
    sending, _, journal = sender(ack_ms=10.0)
    sending.run(arrivals(0.0, 1.0, 2.0), 0.0)
    assert sending.acknowledged == 3
    assert [(entry["contact"], entry["at"]) for entry in journal.entries] == [
        ("run-0", ["contacts", 0, 1, 0]),
        ("run-1", ["contacts", 0, 2, 0]),
        ("run-2", ["contacts", 0, 2, 1]),
    ]


def test_an_unacknowledged_record_is_sent_again_and_counted_once() -> None:
    sending, log, _ = sender()
    log.fail = 1
    sending.run(arrivals(0.0), 0.0)
    assert sent(log) == [["run-0"], ["run-0"]]
    assert sending.acknowledged == 1


def test_a_stopped_sender_waits_for_what_is_in_flight() -> None:
    sending, log, _ = sender()
    sending.stop.set()
    sending.run(arrivals(0.0, 1_000.0), 0.0)
    assert sending.acknowledged == 0
    assert log.flying == []


def test_a_silent_broker_is_given_up() -> None:
    sending, _, _ = sender(ack_ms=1e9)
    with pytest.raises(TimeoutError, match="two minutes"):
        sending.run(arrivals(0.0), 0.0)


def test_a_foreign_record_of_unknown_fate_is_noted_and_not_sent_again() -> None:
    sending, log, journal = sender()
    log.fail = 1
    sending.run(arrivals(0.0, foreign=True), 0.0)
    assert len(log.records) == 1
    assert journal.entries == [{"kind": "unacknowledged", "contact": "run-0"}]

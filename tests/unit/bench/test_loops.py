import pytest

from bench.loops.counting import CountingObserver
from bench.loops.pace import Pace, Stopwatch, until
from bench.loops.router import backlog
from bench.world import WorldError
from seatline.contacts.v1 import contacts_pb2
from services.runtime.fenced_log.header import Failure


def test_a_pace_is_told_by_both_clocks() -> None:
    pace = Pace(items=1_000, wall_s=0.5, cpu_s=0.02)
    assert pace.per_s == 2_000
    assert pace.cpu_us == pytest.approx(20)


def test_a_stopwatch_adds_up_its_blocks() -> None:
    watch = Stopwatch()
    with watch:
        pass
    first_s = watch.wall_s
    with watch:
        sum(range(10_000))
    assert watch.wall_s > first_s > 0


def test_a_loop_is_turned_until_it_is_done() -> None:
    turned: list[int] = []
    until(lambda: len(turned) >= 3, lambda: turned.append(1), "three turns")
    assert len(turned) == 3


@pytest.mark.parametrize(("per_record", "records"), [(1, 1_001), (50, 21)])
def test_a_backlog_holds_every_contact_once_in_turn_over_the_partitions(
    per_record: int, records: int
) -> None:
    filled = backlog(8, 1_001, per_record)
    assert len(filled) == records
    assert [tp[1] for tp, _ in filled[:9]] == [*range(8), 0]
    contacts = [
        contact
        for _, value in filled
        for contact in contacts_pb2.ContactRecord.FromString(value).contacts
    ]
    assert len({contact.contact_id for contact in contacts}) == len(contacts) == 1_001
    assert all(contact.seat_id for contact in contacts)


def test_decisions_are_counted_by_type_and_kept_on_demand() -> None:
    observer = CountingObserver(keep=str)
    observer.wrote(0, ["a", 1, "b"], 0, 0)
    assert (observer.entries, observer.counts[int], observer.kept) == (3, 1, ["a", "b"])


def test_a_backlog_that_cannot_be_decided_measures_nothing() -> None:
    failure = Failure("t", 0, 0, 0, 3, set_aside=True, reason="PoisonError")
    with pytest.raises(WorldError, match="PoisonError"):
        CountingObserver().set_aside(failure, None)  # type: ignore[arg-type]

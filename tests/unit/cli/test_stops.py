from dataclasses import replace
from typing import Any

import pytest

from services.cli.adapters.stop_log import KafkaStopLog, Past, past_unknown
from services.cli.adapters.stop_report import as_json, as_text, standing_as_json, standing_as_text
from services.cli.domain.scope import Kind, Scope
from services.cli.errors import NotDoneError
from services.cli.handlers.stop import StopHandler, StopWish
from services.cli.ports.signature import Signature
from tests.fakes.log_book import InMemoryLogBook
from tests.support.cli_logs import FACTS, fence, record
from tests.support.order_facts import seat_map, stop, stop_applied, stop_lifted, taken_back
from tests.support.recorder_entries import NOON_MS

TOPIC = "seatline.map.v1"
SURVEY = Scope(Kind.CAMPAIGN, "survey")
STOP = StopWish(SURVEY, False, Signature("Asha", "a test"), dry_run=False, wait=True)
RESUME = replace(STOP, resume=True)
KEY = b"stop/2/survey"


@pytest.fixture
def book() -> InMemoryLogBook:
    made = InMemoryLogBook(partitions=2)
    for partition in range(2):
        made.put(FACTS, partition, fence(FACTS))
    return made


def give(
    book: InMemoryLogBook, wish: StopWish, past: Past | None = None
) -> tuple[dict[str, Any], str]:
    report = as_json(StopHandler(KafkaStopLog(book, past or Past({}, {})))(wish))
    return report, as_text(report)


def answered(book: InMemoryLogBook, *facts: Any, partition: int, seq: int = 1) -> None:
    book.on_append.append((FACTS, partition, record(FACTS, *facts, seq=seq)))


def test_a_stop_is_appended_and_done_when_every_partition_has_it_in_force(
    book: InMemoryLogBook,
) -> None:
    answered(book, stop_applied(), partition=0)
    report, text = give(book, STOP)
    assert book.appended == [(TOPIC, KEY)]
    assert (report["ok"], report["changed"], report["not_applied"]) == (False, True, [1])
    assert "in partitions 1" in text
    book.put(FACTS, 1, record(FACTS, stop_applied(), seq=1))
    report, text = give(book, STOP)
    assert (report["ok"], report["changed"], report["applied"]) == (True, False, [0, 1])
    assert len(book.appended) == 1
    assert "stopped already" in text


def test_offers_taken_back_are_counted_from_the_order_to_the_last_of_them(
    book: InMemoryLogBook,
) -> None:
    answered(book, stop_applied(2), taken_back(), taken_back(), partition=0)
    answered(book, stop_applied(1), taken_back(4), partition=1)
    report, text = give(book, STOP)
    assert (report["offers"], report["offers_rescinded"], report["ok"]) == (3, 2, False)
    assert "2 of 3 taken back so far" in text
    # Its zombie repeats what does not count.
    other = InMemoryLogBook(partitions=1)
    other.put(FACTS, 0, fence(FACTS))
    other.on_append.append((FACTS, 0, record(FACTS, stop_applied(5), seq=9, epoch=0)))
    other.on_append.append((FACTS, 0, record(FACTS, stop_applied(1), seq=1)))
    other.on_append.append((FACTS, 0, record(FACTS, taken_back(), seq=2)))
    report, text = give(other, STOP)
    assert (report["ok"], report["offers"], report["offers_rescinded"]) == (True, 1, 1)
    assert report["rescinded_within_ms"] == 3
    assert "the last one 3 ms after the order" in text


def test_the_offers_of_an_earlier_stop_are_not_counted(book: InMemoryLogBook) -> None:
    earlier = (stop_applied(7, at_ms=NOON_MS - 1), taken_back(), stop_lifted())
    book.put(FACTS, 0, record(FACTS, *earlier, seq=1))
    book.put(FACTS, 1, record(FACTS, *earlier, seq=1))
    answered(book, stop_applied(), partition=0, seq=2)
    answered(book, stop_applied(), partition=1, seq=2)
    report, _ = give(book, STOP)
    assert (report["ok"], report["offers"], report["rescinded_within_ms"]) == (True, 0, None)


def test_a_resume_ends_a_stop_and_names_what_stays_stopped(book: InMemoryLogBook) -> None:
    book.put(TOPIC, 0, stop())
    book.put(TOPIC, 0, stop(name="other"))
    in_force = {(partition, SURVEY): True for partition in range(2)}
    answered(book, stop_lifted(at_ms=NOON_MS + 2), partition=0)
    report, _ = give(book, RESUME, Past({}, in_force))
    assert (report["changed"], report["not_applied"]) == (True, [1])
    book.put(FACTS, 1, record(FACTS, stop_lifted(), seq=1))
    report, text = give(book, RESUME, Past({}, in_force))
    assert (report["ok"], report["changed"], report["offers"]) == (True, False, None)
    assert [each["id"] for each in report["stops"]] == ["other"]
    assert text.endswith("stops in force: campaign other")


def test_an_earlier_stop_that_is_still_in_force_somewhere_proves_nothing_of_a_new_one(
    book: InMemoryLogBook,
) -> None:
    book.put(TOPIC, 0, stop())
    book.put(TOPIC, 0, stop(resume=True))
    behind = {(partition, SURVEY): True for partition in range(2)}
    answered(book, stop_lifted(), stop_applied(at_ms=NOON_MS + 2), partition=0)
    report, _ = give(book, STOP, Past({}, behind))
    assert (report["changed"], report["applied"], report["not_applied"]) == (True, [0], [1])


def test_what_was_said_of_another_scope_proves_nothing(book: InMemoryLogBook) -> None:
    book.put(TOPIC, 0, stop())
    for partition, name in enumerate(("survey", "other")):
        book.put(FACTS, partition, record(FACTS, stop_applied(name=name), seq=1))
    report, _ = give(book, STOP)
    assert (report["changed"], report["not_applied"]) == (False, [1])


def test_a_dry_run_and_one_who_does_not_wait_look_at_no_facts(book: InMemoryLogBook) -> None:
    report, text = give(book, replace(STOP, dry_run=True))
    assert (report["changed"], report["applied"], book.appended) == (True, None, [])
    assert "would be stopped" in text
    assert report["stops"][0]["at"] is None
    report, text = give(book, replace(STOP, wait=False))
    assert (report["ok"], report["applied"]) == (True, None)
    assert "not waited for" in text
    assert report["stops"][0]["at"].startswith("2026-02-0")
    assert [each["id"] for each in report["stops"]] == ["survey"]


def test_without_postgres_a_new_stop_is_seen_through_and_an_old_one_is_not_known(
    book: InMemoryLogBook,
) -> None:
    past = past_unknown(book)
    for partition in range(2):
        answered(book, stop_applied(), partition=partition)
    assert give(book, STOP, past)[0]["applied"] == [0, 1]
    report, text = give(book, STOP, past_unknown(book))
    assert (report["ok"], report["changed"], report["not_applied"]) == (False, False, [0, 1])
    assert "not known to be in force" in text
    for changed in (True, False):
        report, _ = give(book, RESUME, past_unknown(book))
        assert (report["changed"], report["not_applied"]) == (changed, [0, 1])


@pytest.mark.parametrize(
    ("scope", "complaint"),
    [
        (Scope(Kind.SEAT, "S24-36"), "--seat: S24-36 is not in the map in use; near: S24-35"),
        (Scope(Kind.CENTRE, "C01"), "--centre: C01 is not in the map in use; near: C001"),
    ],
)
def test_a_seat_or_centre_that_the_map_does_not_know_is_refused_with_near_ones(
    book: InMemoryLogBook, scope: Scope, complaint: str
) -> None:
    with pytest.raises(NotDoneError, match="no map is in use"):
        give(book, replace(STOP, scope=scope))
    book.put(TOPIC, 0, seat_map(("S24-35", "C001"), ("S01-01", "C900")))
    with pytest.raises(NotDoneError, match=complaint):
        give(book, replace(STOP, scope=scope))
    assert book.appended == []


def test_a_seat_that_left_the_map_while_it_was_stopped_can_be_resumed(
    book: InMemoryLogBook,
) -> None:
    seat = Scope(Kind.SEAT, "S24-35")
    book.put(TOPIC, 0, seat_map(("S24-35", "C001")))
    give(book, replace(STOP, scope=seat, wait=False))
    book.put(TOPIC, 0, seat_map(("S01-01", "C900"), version=2))
    report, _ = give(book, replace(RESUME, scope=seat, wait=False))
    assert (report["changed"], report["stops"]) == (True, [])


def test_a_resume_of_a_campaign_that_was_never_stopped_names_those_that_are(
    book: InMemoryLogBook,
) -> None:
    book.put(TOPIC, 0, stop())
    with pytest.raises(NotDoneError, match="surwey was never stopped; stopped campaigns: survey"):
        give(book, replace(RESUME, scope=Scope(Kind.CAMPAIGN, "surwey")))


def test_the_list_says_where_each_stop_is_in_force(book: InMemoryLogBook) -> None:
    book.put(TOPIC, 0, stop(name="old"))
    book.put(TOPIC, 0, stop(name="old", resume=True))
    book.put(TOPIC, 0, stop())
    book.put(FACTS, 1, record(FACTS, stop_applied(), seq=1))
    log = KafkaStopLog(book, Past({}, {}))
    report = standing_as_json(log.standing(), log.applied())
    assert report["ok"] is False
    [told] = report["stops"]
    assert (told["id"], told["by"], told["applied"], told["not_applied"]) == (
        *("survey", "Asha"),
        *([1], [0]),
    )
    assert "not in force yet in partitions 0" in standing_as_text(report)
    unknown = standing_as_json(log.standing(), None)
    assert (unknown["ok"], unknown["stops"][0]["applied"]) == (True, None)
    assert "Postgres does not answer" in standing_as_text(unknown)

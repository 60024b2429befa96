from collections.abc import Sequence
from typing import Any

import pytest

from seatline.dead.v1 import dead_pb2
from services.cli.adapters.audit_logs import KafkaAuditLogs
from services.cli.adapters.audit_report import as_json
from services.cli.domain.places import At, Place, Read, Recorded
from services.cli.errors import NotDoneError
from services.cli.handlers.audit import AuditHandler
from tests.fakes.log_book import InMemoryLogBook
from tests.fakes.record import InMemoryRecord
from tests.support.cli_logs import CONTACTS, FACTS, RULINGS, arrivals, fence, record, set_aside
from tests.support.recorder_entries import confirmed, ended, offered, queued, routed

INTAKE, DEAD = "seatline.intake.v1", "seatline.dead.v1"


async def audited(book: InMemoryLogBook, rows: Sequence[Recorded], **reads: int) -> dict[str, Any]:
    topics = {"rulings": RULINGS, "facts": FACTS}
    positions = {(topics[log], 0): Read(offset, 0) for log, offset in reads.items()}
    logs = KafkaAuditLogs(book, "seatline-intake")
    handler = AuditHandler(logs, InMemoryRecord(positions, list(rows)), lambda _: None)
    return as_json(await handler())


def row(contact_id: str, place: Place) -> Recorded:
    return Recorded(contact_id, 1, place, At(0, 1, 0), 0)


def book_of(
    rulings: Sequence[bytes], facts: Sequence[bytes], contacts: Sequence[bytes]
) -> InMemoryLogBook:
    book = InMemoryLogBook(partitions=1)
    for topic, values in ((RULINGS, rulings), (FACTS, facts), (CONTACTS, contacts)):
        for value in values:
            book.put(topic, 0, value)
    return book


def one_life() -> InMemoryLogBook:
    reads = ((CONTACTS, 0, 1),)
    return book_of(
        [fence(RULINGS), record(RULINGS, routed("a"), seq=1, reads=reads)],
        [
            fence(FACTS),
            record(FACTS, queued("a"), offered("a"), seq=1, reads=((RULINGS, 0, 2),)),
            record(FACTS, confirmed("a"), ended("a"), seq=2),
        ],
        [arrivals("a"), arrivals("b", "c")],
    )


async def test_a_whole_life_and_what_is_unread_add_up() -> None:
    report = await audited(one_life(), [row("a", Place.ENDED)], rulings=2, facts=3)
    assert report["ok"]
    assert (report["contacts"], report["finished"], report["open"]) == (3, 1, 2)
    assert report["unread"] == 2
    assert report["vector"] == {
        f"{RULINGS}/0": [2, 0],
        f"{FACTS}/0": [3, 0],
        f"{CONTACTS}/0": 2,
        f"{INTAKE}/0": 0,
        f"{DEAD}/0": 0,
    }


async def test_facts_behind_the_vector_do_not_count_yet() -> None:
    report = await audited(one_life(), [row("a", Place.OFFERED)], rulings=2, facts=2)
    assert report["ok"]
    assert report["places"] == {"unread": 2, "offered": 1}


async def test_a_recorder_that_has_read_nothing_makes_all_unread() -> None:
    report = await audited(one_life(), [])
    assert report["ok"]
    assert report["unread"] == 3


async def test_a_row_that_went_missing_is_named() -> None:
    report = await audited(one_life(), [], rulings=2, facts=3)
    assert not report["ok"]
    assert report["lost"] == 1
    assert [stray["contact_id"] for stray in report["strays"]] == ["a"]


async def test_what_a_fence_has_overtaken_is_not_counted() -> None:
    book = one_life()
    book.put(FACTS, 0, fence(FACTS, epoch=2))
    book.put(FACTS, 0, record(FACTS, confirmed("a"), ended("a"), seq=3, epoch=1))
    report = await audited(book, [row("a", Place.ENDED)], rulings=2, facts=5)
    assert report["ok"]
    assert report["doubled"] == 0


async def test_a_second_confirm_in_the_log_is_named() -> None:
    book = one_life()
    book.put(FACTS, 0, record(FACTS, confirmed("a"), seq=3))
    report = await audited(book, [row("a", Place.CONFIRMED)], rulings=2, facts=4)
    assert report["doubled"] == 1
    assert {double["at"] for double in report["doubles"]} == {"facts/0@3[0]"}


async def test_an_unreadable_contacts_record_must_have_been_set_aside() -> None:
    broken = b"\xff\xff"
    reads = ((CONTACTS, 0, 1),)
    for failures, lost in ([], 1), ([set_aside(CONTACTS, 0, 0)], 0):
        passed = record(RULINGS, seq=1, reads=reads, failures=failures)
        book = book_of([fence(RULINGS), passed], [], [broken])
        report = await audited(book, [], rulings=2)
        assert report["lost"] == lost
        assert report["held"] == 1 - lost


async def test_foreign_records_are_followed_into_contacts_and_dead_letters() -> None:
    book = book_of([], [], [arrivals("a", source=(0, 0))])
    for _ in range(4):
        book.put(INTAKE, 0, b"{}")
    letter = dead_pb2.DeadLetter(service="intake", topic=INTAKE, partition=0, offset=1)
    book.put(DEAD, 0, letter.SerializeToString())
    book.put(DEAD, 0, b"\xff")
    book.done[0] = 3
    report = await audited(book, [])
    assert report["contacts"] == 4
    assert report["places"] == {"nowhere": 1, "unread": 2, "dead": 1}
    assert report["foreign"] == 4


async def test_a_log_whose_beginning_retention_has_taken_is_read_from_what_is_left() -> None:
    book = one_life()
    book.starts[FACTS, 0] = 1
    report = await audited(book, [row("a", Place.ENDED)], rulings=2, facts=3)
    assert report["ok"]


async def test_a_gap_in_a_fenced_log_is_an_error_and_no_count() -> None:
    book = book_of([], [fence(FACTS), record(FACTS, seq=2)], [])
    with pytest.raises(NotDoneError, match="records are missing"):
        await audited(book, [], facts=2)


async def test_bytes_that_are_no_record_of_a_fenced_log_are_an_error() -> None:
    with pytest.raises(NotDoneError, match=f"{FACTS}/0@0"):
        await audited(book_of([], [b"\xff\xff"], []), [], facts=1)

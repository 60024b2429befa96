from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from rich.console import Console

from seatline.facts.v1 import facts_pb2, session_pb2
from services.cli.adapters.journal_report import as_json, as_text
from services.cli.adapters.order_codec import word_of_fact
from services.cli.adapters.order_logs import KafkaOrderLogs
from services.cli.adapters.story_codec import told_fact
from services.cli.domain.asked import Control
from services.cli.domain.orders import BANK, Word, orders
from services.cli.domain.since import since_ms
from services.cli.errors import NotDoneError
from services.cli.handlers.journal import JournalHandler
from tests.fakes.log_book import InMemoryLogBook
from tests.support.cli_logs import FACTS, fence, record
from tests.support.order_facts import (
    draining,
    handed_back,
    not_released,
    seat_map,
    signed,
    signed_out,
    stop,
    stop_applied,
)
from tests.support.recorder_entries import NOON_MS, queued, returned

TOPIC = "seatline.map.v1"
IST = timezone(timedelta(hours=5, minutes=30))
NOW = datetime(2026, 11, 30, 20, 0, tzinfo=IST)


class Recorded:
    def __init__(self, *words: Word, controls: Sequence[Control] = ()) -> None:
        self.told = list(words)
        self.asked = list(controls)

    async def words(self, since_ms: int, limit: int) -> list[Word]:
        return self.told

    async def controls(self, since_ms: int, limit: int) -> list[Control]:
        return self.asked


async def listed(
    book: InMemoryLogBook, *recorded: Word, since: int = 0, limit: int = 50
) -> list[dict[str, Any]]:
    logs = KafkaOrderLogs(book, {})
    told = await JournalHandler(logs, Recorded(*recorded), lambda _: None)(since, limit)
    report = as_json(told)
    console = Console(width=200)
    with console.capture() as shown:
        console.print(as_text(report))
    for order in report["orders"]:
        assert order["subject"] in shown.get()
    orders_told: list[dict[str, Any]] = report["orders"]
    return orders_told


def book_with(*facts: Any) -> InMemoryLogBook:
    book = InMemoryLogBook(partitions=2)
    for partition in range(2):
        book.put(FACTS, partition, fence(FACTS))
        if facts:
            book.put(FACTS, partition, record(FACTS, *facts, seq=1))
    return book


async def test_an_order_to_all_is_one_line_with_the_partitions_that_have_it() -> None:
    book = book_with(stop_applied())
    book.put(TOPIC, 0, stop())
    [order] = await listed(book)
    assert (order["action"], order["subject"], order["by"]) == ("stop", "campaign survey", "Asha")
    assert (order["applied"], order["result"]) == ([0, 1], "in 2 of 2 partitions")
    assert (order["why"], order["recorded"]) == ("a test", False)


async def test_an_order_that_no_partition_has_read_is_listed_too() -> None:
    book = book_with()
    book.put(TOPIC, 0, seat_map(("S24-35", "C001"), version=7))
    [order] = await listed(book)
    assert (order["subject"], order["result"]) == ("version 7", "in 0 of 2 partitions")
    assert order["recorded"] is False


async def test_what_record_and_log_both_tell_is_listed_once_and_the_newest_last() -> None:
    book = book_with(stop_applied(), signed_out(at_ms=NOON_MS + 5))
    words = [word_of_fact(stop_applied(), partition, recorded=True) for partition in range(2)]
    told = await listed(book, *[word for word in words if word is not None])
    assert [order["action"] for order in told] == ["stop", "end-session"]
    assert [order["recorded"] for order in told] == [True, False]
    assert await listed(book, limit=1) == told[1:]
    assert await listed(book, since=NOON_MS + 1) == told[1:]


@pytest.mark.parametrize(
    ("fact", "told"),
    [
        (signed_out(), ("end-session", "s-1", "ended")),
        (draining(), ("end-session", "s-1", "draining")),
        (handed_back(), ("release", "a", "returned")),
        (
            not_released(session_pb2.REFUSAL_REASON_WITH_CALLER),
            ("release", "a", "refused: with_caller"),
        ),
        (
            signed(facts_pb2.Fact(centre_draining={"centre_id": "C001"})),
            ("drain", "C001", "draining"),
        ),
        (
            signed(facts_pb2.Fact(withdrawal_applied={"contact_id": "a", "kind": 2})),
            ("withdraw", "contact a", "in 1 of 2 partitions"),
        ),
        (
            signed(facts_pb2.Fact(policy_applied={"version": 3})),
            ("policy", "version 3", "in 1 of 2 partitions"),
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
async def test_every_kind_of_order_is_listed_with_what_came_of_it(
    fact: facts_pb2.Fact, told: tuple[str, str, str]
) -> None:
    book = book_with()
    book.put(FACTS, 1, record(FACTS, queued("a"), returned("b"), fact, seq=1))
    [order] = await listed(book)
    assert (order["action"], order["subject"], order["result"]) == told


async def test_a_person_is_named_by_the_beginning_of_the_key_alone() -> None:
    fact = facts_pb2.Fact(withdrawal_applied={"person_key": bytes(range(16)), "kind": 1})
    [order] = await listed(book_with(signed(fact)))
    assert order["subject"] == "person 00010203"


def test_what_the_bank_orders_on_a_callers_word_is_no_order_of_an_operator() -> None:
    assert orders([Word(1, BANK, "", "withdraw", "person 00", "opt_out", 0)], 2, 9) == []


def test_a_story_says_who_ordered_what_it_tells() -> None:
    told = told_fact(handed_back(), NOON_MS, "facts/0@1[0]")
    assert told.text.endswith("by_hand; ordered by Asha: a test")
    assert told.details["ordered_by"] == "Asha"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90s", NOW - timedelta(seconds=90)),
        ("2h", NOW - timedelta(hours=2)),
        ("7d", NOW - timedelta(days=7)),
        ("2026-11-30T19:00", NOW - timedelta(hours=1)),
        ("2026-11-30", NOW.replace(hour=0)),
        ("2026-11-30T13:30:00+00:00", NOW - timedelta(hours=1)),
        ("30000d", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_moment_may_be_a_time_or_how_long_ago(text: str, moment: datetime) -> None:
    assert since_ms(text, NOW) == moment.timestamp() * 1000


@pytest.mark.parametrize("text", ["yesterday", "", "2x", "-1h", "2026-13-01"])
def test_what_is_no_moment_is_refused_with_examples(text: str) -> None:
    with pytest.raises(NotDoneError, match=r"--since: .* 30m, 2h, 7d"):
        since_ms(text, NOW)

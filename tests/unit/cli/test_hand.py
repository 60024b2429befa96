from collections.abc import Sequence
from typing import Any

import pytest

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import session_pb2
from services.cli.adapters.hand_log import KafkaHandLog
from services.cli.adapters.hand_report import (
    ended_as_json,
    ended_as_text,
    released_as_json,
    released_as_text,
)
from services.cli.adapters.story_logs import LogStory
from services.cli.domain.story import Told
from services.cli.errors import NotDoneError
from services.cli.handlers.hand import HandHandler, HandWish
from services.cli.ports.signature import Signature
from tests.fakes.log_book import InMemoryLogBook
from tests.support.cli_logs import FACTS, RULINGS, fence, record
from tests.support.order_facts import (
    draining,
    handed_back,
    not_ended,
    not_released,
    signed_in,
    signed_out,
)
from tests.support.recorder_entries import (
    confirmed,
    dialled,
    ended,
    held,
    offered,
    queued,
    refused,
    returned,
    routed,
)

COMMANDS = "seatline.commands.v1"
WISH = HandWish(Signature("Asha", "a test"), dry_run=False, wait=True)


class NothingRecorded:
    async def of_contact(self, contact_id: str) -> list[Told]:
        return []

    async def of_session(self, session_id: str) -> list[Told]:
        return []


def book_with(*facts: Any, ruling: Any = None) -> InMemoryLogBook:
    """Let partition 1 say it; partition 0 is silent."""
    book = InMemoryLogBook(partitions=2)
    book.put(RULINGS, 0, fence(RULINGS))
    if ruling is not None:
        book.put(RULINGS, 0, record(RULINGS, ruling, seq=1))
    for partition in range(2):
        book.put(FACTS, partition, fence(FACTS))
    if facts:
        book.put(FACTS, 1, record(FACTS, *facts, seq=1))
    return book


def handler(book: InMemoryLogBook) -> HandHandler:
    return HandHandler(LogStory(book, {}), NothingRecorded(), KafkaHandLog(book, {}))


def answers(book: InMemoryLogBook, *facts: Any) -> None:
    seq = len(book.values[FACTS, 1])
    book.on_append.append((FACTS, 1, record(FACTS, *facts, seq=seq)))


async def release(book: InMemoryLogBook, wish: HandWish = WISH) -> tuple[dict[str, Any], str]:
    handled = await handler(book).release("a", wish)
    report = released_as_json(handled, dry_run=wish.dry_run)
    return report, released_as_text(report)


async def end(
    book: InMemoryLogBook, wish: HandWish = WISH, *, interrupt: bool = False
) -> tuple[dict[str, Any], str]:
    handled = await handler(book).end_session("s-1", wish, interrupt=interrupt)
    report = ended_as_json(handled, dry_run=wish.dry_run, interrupt=interrupt)
    return report, ended_as_text(report)


def ordered(book: InMemoryLogBook) -> commands_pb2.Command:
    [value] = book.values[COMMANDS, 1]
    [command] = commands_pb2.CommandRecord.FromString(value).commands
    return command


@pytest.mark.parametrize("facts", [[queued("a")], [queued("a"), offered("a")]])
async def test_a_contact_that_waits_is_released_in_its_partition_and_the_answer_is_told(
    facts: Sequence[Any],
) -> None:
    book = book_with(*facts)
    unknown = session_pb2.REFUSAL_REASON_UNKNOWN_CONTACT
    others = (not_released(unknown, "b"), not_released(unknown, at_ms=1))
    answers(book, *others, handed_back("a"))
    report, text = await release(book)
    command = ordered(book).release_contact
    assert (command.contact_id, command.by, command.why) == ("a", "Asha", "a test")
    assert (report["ok"], report["partition"], report["result"]) == (True, 1, "returned")
    assert "is handed back" in text


async def test_a_contact_on_its_way_to_a_dispatcher_is_released_where_it_will_be() -> None:
    ruling = routed("a")
    ruling.routed.partition = 1
    book = book_with(ruling=ruling)
    answers(book, handed_back("a"))
    report, _ = await release(book)
    assert (report["place"], report["result"]) == ("routed", "returned")


@pytest.mark.parametrize(
    "book", [book_with(queued("a"), returned("a")), book_with(ruling=held("a"))]
)
async def test_a_contact_in_the_bank_is_there_already(book: InMemoryLogBook) -> None:
    report, text = await release(book)
    assert (report["ok"], report["changed"], book.appended) == (True, False, [])
    assert "in the bank already" in text


@pytest.mark.parametrize(
    ("book", "complaint"),
    [
        (book_with(), "no router has ruled on it"),
        (book_with(queued("a"), offered("a"), confirmed("a"), dialled("a"), ended("a")), "ended"),
        (book_with(ruling=refused("a")), "it is refused"),
        (
            book_with(queued("a"), offered("a"), confirmed("a"), dialled("a")),
            "is on call with session s-1, .* end-session s-1 --interrupt",
        ),
    ],
)
async def test_a_contact_that_does_not_wait_is_refused_without_an_order(
    book: InMemoryLogBook, complaint: str
) -> None:
    with pytest.raises(NotDoneError, match=complaint):
        await release(book)
    assert book.appended == []


@pytest.mark.parametrize(
    ("refusal", "complaint"),
    [
        (
            not_released(session_pb2.REFUSAL_REASON_WITH_CALLER, session_id="s-7"),
            "is confirmed with session s-7",
        ),
        (
            not_released(session_pb2.REFUSAL_REASON_UNKNOWN_CONTACT),
            "unknown_contact in",
        ),
        (not_released(session_pb2.REFUSAL_REASON_NOT_ALLOWED), "not_allowed .* repeat the command"),
    ],
)
async def test_a_contact_that_moved_before_the_order_came_is_not_done(
    refusal: Any, complaint: str
) -> None:
    book = book_with(queued("a"))
    answers(book, refusal)
    with pytest.raises(NotDoneError, match=complaint):
        await release(book)


async def test_an_order_that_nobody_answers_is_a_finding_that_says_what_to_do() -> None:
    for report, text in (await release(book_with(queued("a"))), await end(book_with(signed_in()))):
        assert (report["ok"], report["changed"], report["answered"]) == (False, True, False)
        assert "partition 1 has not read it" in text


async def test_a_dry_run_orders_nothing_and_one_who_does_not_wait_reads_no_answer() -> None:
    dry = HandWish(WISH.signature, dry_run=True, wait=True)
    book = book_with(queued("a"), signed_in())
    for report, text in (await release(book, dry), await end(book, dry)):
        assert (report["ok"], report["dry_run"], report["result"]) == (True, True, None)
        assert "would be" in text
    assert book.appended == []
    hasty = HandWish(WISH.signature, dry_run=False, wait=False)
    for report, text in (await release(book, hasty), await end(book, hasty)):
        assert (report["ok"], report["result"]) == (True, None)
        assert "not waited for" in text


async def test_a_session_is_ended_where_it_signed_in_last() -> None:
    book = book_with(signed_in())
    answers(book, signed_out("s-2"), signed_out())
    report, text = await end(book)
    assert ordered(book).end_session.session_id == "s-1"
    assert (report["activity"], report["result"], report["partition"]) == ("available", "ended", 1)
    assert "is signed out" in text


@pytest.mark.parametrize(
    ("interrupt", "told"), [(False, "--interrupt ends the call"), (True, "any moment")]
)
async def test_a_session_with_a_call_leaves_after_it(interrupt: bool, told: str) -> None:
    book = book_with(signed_in(), queued("a"), offered("a"), confirmed("a"))
    answers(book, draining())
    report, text = await end(book, interrupt=interrupt)
    assert ordered(book).end_session.interrupt is interrupt
    assert (report["ok"], report["result"]) == (True, "draining")
    assert told in text


async def test_a_session_that_is_not_signed_in_changes_nothing_and_an_unknown_one_is_refused() -> (
    None
):
    book = book_with(signed_in(), signed_out())
    report, text = await end(book)
    assert (report["ok"], report["changed"], book.appended) == (True, False, [])
    assert "not signed in" in text
    with pytest.raises(NotDoneError, match="s-1 was never signed in here"):
        await end(book_with())


async def test_a_session_that_left_before_the_order_came_is_not_ended_and_that_is_no_finding() -> (
    None
):
    book = book_with(signed_in())
    answers(book, not_ended())
    report, text = await end(book)
    assert (report["ok"], report["changed"], report["answered"]) == (True, False, True)
    assert report["result"] == "refused: unknown_session"
    assert "nothing came of it" in text


@pytest.mark.parametrize("name", ["", "x" * 65])
async def test_an_id_that_no_dispatcher_takes_is_refused(name: str) -> None:
    with pytest.raises(NotDoneError, match="CONTACT: an id has 1 to 64"):
        await handler(book_with()).release(name, WISH)
    with pytest.raises(NotDoneError, match="SESSION: an id has 1 to 64"):
        await handler(book_with()).end_session(name, WISH, interrupt=False)

"""Requests to owners and deeds on dead letters, as the journal of orders lists them."""

from typing import Any

import pytest

from services.cli.adapters.dead_codec import deed_record
from services.cli.domain.asked import (
    STANDS_MS,
    TOGETHER_MS,
    Asked,
    Control,
    Given,
    Taken,
    words_on_deeds,
    words_on_requests,
)
from services.cli.domain.dead import DeadFold, Deed, How, Input, Letter, LetterId
from services.cli.domain.orders import orders
from services.runtime.fenced_log.header import FencePoint, Header, Yield, to_proto
from services.runtime.fenced_log.wishes import HandOver, Request, Skip, WriteLess
from tests.support.cli_logs import CONTACTS, FACTS
from tests.support.dead_town import DEAD, DeadTown
from tests.support.recorder_logs import facts_log
from tests.unit.cli.test_orders import book_with, listed

INPUT = Input(CONTACTS, 0, 5, 0)
MOVE = Asked("Asha", "a test", "slot-1")


def control(what: Asked | Given | Taken, at_ms: int, *, recorded: bool = True) -> Control:
    return Control("facts", 0, at_ms, what, recorded)


def results(*controls: Control, letters: DeadFold | None = None) -> list[tuple[str, ...]]:
    told = orders(words_on_requests(controls, letters or DeadFold()), 2, 50)
    return [(order.action, order.subject, *order.answers) for order in told]


@pytest.mark.parametrize(
    ("after", "answers"),
    [
        ([], ()),
        ([(Given(), 5)], ("given away",)),
        ([(Given(), 5), (Taken("slot-1"), 9)], ("taken by slot-1",)),
        ([(Given(), 5), (Taken("slot-0"), 4_000)], ("taken by slot-0",)),
        ([(Given(), STANDS_MS + 2), (Taken("slot-1"), STANDS_MS + 9)], ()),
        ([(Taken("slot-0"), 5), (Given(), 9)], ()),
    ],
    ids=["unheard", "given", "taken", "by-another", "too-late", "owner-died-first"],
)
def test_a_hand_over_is_told_as_far_as_it_came(
    after: list[tuple[Given | Taken, int]], answers: tuple[str, ...]
) -> None:
    told = results(control(MOVE, 1), *(control(what, at_ms) for what, at_ms in after))
    assert told == [("move-partition", "facts/0 to slot-1", *answers)]


def test_a_request_that_record_and_log_both_tell_is_one_order() -> None:
    whole = [control(MOVE, 1), control(Given(), 2)]
    log = [control(each.what, each.at_ms, recorded=False) for each in whole]
    log.append(control(Taken("slot-1"), 3, recorded=False))
    told = orders(words_on_requests([*whole, *log], DeadFold()), 2, 50)
    assert [(order.answers, order.recorded) for order in told] == [(("taken by slot-1",), False)]


@pytest.mark.parametrize(("letter_ms", "answers"), [(9, True), (0, False)])
def test_a_skip_is_answered_by_the_letter_that_came_of_it(letter_ms: int, answers: bool) -> None:
    letter = Letter(LetterId(0, 3), letter_ms, "router", INPUT, "undecidable")
    told = results(
        control(Asked("Asha", "it kills the router", INPUT), 1),
        letters=DeadFold().take_all([letter]),
    )
    answer = ("set aside as dead letter 0/3",) if answers else ()
    assert told == [("skip", "contacts/0@5[0]", *answer)]


async def test_the_journal_lists_what_people_asked_of_owners_and_not_what_slots_did() -> None:
    log = facts_log().ask(Request("Asha", "a test", HandOver("slot-1")))
    log.ask(Request("slot-1", "", WriteLess(0), "slot-1"))
    log.ask(Request("slot-1", "", HandOver("slot-1"), "slot-1")).give_up("slot-1").fence()
    log.ask(Request("Ravi", "it kills the dispatcher", Skip(CONTACTS, 0, 5, 0)))
    book = book_with()
    book.values[FACTS, 0] = log.values
    told = await listed(book)
    assert [(each["action"], each["by"], each["result"]) for each in told] == [
        ("move-partition", "Asha", "taken by slot-0"),
        ("skip", "Ravi", "no answer"),
    ]


async def test_a_reign_that_a_zombie_ends_answers_nobody() -> None:
    log = facts_log().fence().ask(Request("Asha", "a test", HandOver("slot-1")))
    zombie = to_proto(Header(FencePoint(1, b"stray".ljust(16), 9), 0, (), Yield("slot-1")))
    log.values.append(b"\n" + bytes([zombie.ByteSize()]) + zombie.SerializeToString())
    book = book_with()
    book.values[FACTS, 0] = log.values
    (order,) = await listed(book)
    assert order["result"] == "no answer"


def deeds_told(*deeds: Deed) -> list[tuple[Any, ...]]:
    inputs = [INPUT._replace(offset=n) for n in range(3)]
    letters = [
        Letter(LetterId(0, n), 0, "router", named, "undecidable") for n, named in enumerate(inputs)
    ]
    fold = DeadFold().take_all([*letters, *deeds])
    return [
        (order.action, order.subject, order.answers)
        for order in orders(words_on_deeds(fold), 2, 50)
    ]


def deed(letter: int, how: How, at_ms: int) -> Deed:
    return Deed(LetterId(0, letter), how, "Asha", "a test", at=LetterId(0, 90), at_ms=at_ms)


def test_letters_that_are_sent_again_together_are_one_order() -> None:
    begun = [deed(n, How.BEGUN, 100 + n) for n in range(3)]
    done = [deed(n, How.REQUEUED, 200 + n) for n in range(3)]
    said = ("dead requeue", "3 dead letters, 0/0 to 0/2")
    assert deeds_told(*begun, *done) == [(*said, ("requeued",))]
    assert deeds_told(*begun, *done[:2]) == [(*said, ("2 of 3 requeued",))]


def test_letters_that_are_dropped_at_different_times_are_different_orders() -> None:
    first = deed(0, How.DROPPED, 100)
    later = deed(1, How.DROPPED, 101 + TOGETHER_MS)
    assert deeds_told(first, later) == [
        ("dead drop", "dead letter 0/0", ("dropped",)),
        ("dead drop", "dead letter 0/1", ("dropped",)),
    ]


async def test_the_journal_lists_what_was_dropped_with_who_and_why() -> None:
    town = DeadTown()
    town.letter(CONTACTS, 0)
    book = book_with()
    book.values[DEAD, 0] = town.values(DEAD)
    letter = Deed(LetterId(0, 0), How.DROPPED, "Asha", "a test")
    book.put(DEAD, 0, deed_record(letter))
    (order,) = await listed(book)
    assert (order["action"], order["by"], order["why"]) == ("dead drop", "Asha", "a test")
    assert order["result"] == "dropped"

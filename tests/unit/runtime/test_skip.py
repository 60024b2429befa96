from collections.abc import Sequence

import pytest
from typing_extensions import override

from services.runtime.fenced_log.core import Moment
from services.runtime.fenced_log.requests import SKIP_STANDS_MS
from services.runtime.fenced_log.turn import SKIPPED
from services.runtime.fenced_log.wishes import Skip
from tests.fakes.tally import ORDERS, PACED, TallyCore
from tests.unit.runtime.town import Town


class FatalCore(TallyCore):
    """Dies of one number: no failure, the end of the process."""

    @override
    def decide(self, item: int, moment: Moment) -> Sequence[int]:
        if item == 13:
            raise SystemExit(item)
        return super().decide(item, moment)


def test_an_input_that_is_skipped_is_set_aside_undecided_and_the_next_one_decided() -> None:
    town = Town()
    one = town.start(0)
    town.turn(one)
    town.ask(0, Skip(PACED, 0, 0, 1))
    town.turn(one)
    town.give(PACED, 0, 1, 2, 3)
    town.turn(one)
    assert one.seen(0) == [1, 3]
    (aside,) = one.observer.aside
    assert (aside.index, aside.attempt, aside.set_aside, aside.reason) == (1, 3, True, SKIPPED)


def test_an_input_that_processes_die_of_is_skipped_by_the_next_life() -> None:
    town = Town()
    one = town.start(0, lambda _: FatalCore())
    town.turn(one)
    town.give(PACED, 0, 1, 13, 2)
    with pytest.raises(SystemExit):
        town.turn(one)
    again = town.start(0, lambda _: FatalCore())
    with pytest.raises(SystemExit):
        town.turn(again)
    town.ask(0, Skip(PACED, 0, 0, 1))
    saved = town.start(0, lambda _: FatalCore())
    town.turn(saved)
    assert saved.seen(0) == town.entries(0) == [1, 2]
    assert [failure.reason for failure in saved.observer.aside] == [SKIPPED]


def test_a_skip_is_void_after_a_minute() -> None:
    town = Town()
    one = town.start(0)
    town.turn(one)
    town.ask(0, Skip(PACED, 0, 0, 0))
    town.turn(one, times=SKIP_STANDS_MS // 1_000 + 2, ms=1_000)
    town.give(PACED, 0, 1)
    town.turn(one)
    assert one.seen(0) == [1]


def test_a_skip_of_another_input_or_of_an_order_changes_nothing() -> None:
    town = Town()
    one = town.start(0)
    town.turn(one)
    for skip in (Skip(PACED, 0, 7, 0), Skip(PACED, 1, 0, 0), Skip(ORDERS, 0, 0, 0)):
        town.ask(0, skip)
    town.turn(one)
    town.give(PACED, 0, 1)
    town.give(ORDERS, 0, 2)
    town.turn(one)
    assert sorted(one.seen(0)) == [1, 2]

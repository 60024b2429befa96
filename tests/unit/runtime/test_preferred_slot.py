from services.runtime.fenced_log.hand_over import ASK_EVERY_MS, CALM_MS
from services.runtime.fenced_log.wishes import HandOver, Request
from tests.fakes.tally import PACED
from tests.unit.runtime.town import Slot, Town

TO_1 = HandOver("tally-1")


def asked(town: Town, number: int) -> int:
    return sum(isinstance(each, Request) for each in town.controls(number))


def taken_over(town: Town) -> tuple[Slot, Slot]:
    """Have one slot own everything, and the other start again."""
    _, two = town.two_slots()
    town.pass_silence(two)
    assert two.owns() == {0, 1}
    return town.start(0), two


def test_a_slot_that_is_back_asks_for_what_it_is_preferred_for_once_it_was_calm() -> None:
    town = Town()
    back, two = taken_over(town)
    town.turn(back, two, times=CALM_MS // 100 - 10, ms=100)
    assert asked(town, 0) == 0
    town.turn(back, two, times=20, ms=100)
    assert (back.owns(), two.owns()) == ({0}, {1})
    assert (asked(town, 0), asked(town, 1)) == (1, 0)
    town.turn(back, two, times=2 * ASK_EVERY_MS // 1_000, ms=1_000)
    assert town.fences(0) == ["tally-0", "tally-1", "tally-0"], "it came and went"


def test_an_owner_that_is_behind_keeps_what_another_slot_asks_for() -> None:
    town = Town()
    back, two = taken_over(town)
    town.turn(back, two, times=10, ms=100)
    town.give(PACED, 0, 1)
    town.clock.advance(5_000)
    town.ask(0, HandOver("tally-0"), slot="tally-0")
    town.turn(two, times=1)
    assert town.yields(0) == []
    town.turn(two, times=4, ms=100)
    assert town.yields(0) == ["tally-0"]


def test_a_slot_that_nobody_answers_asks_once_a_minute() -> None:
    town = Town()
    back, two = taken_over(town)

    def minutes(count: int) -> None:
        for _ in range(count * 120):
            town.ask(0, HandOver("tally-1"), slot="tally-1")  # the last wish stands: its own
            town.turn(back, two, times=1, ms=500)

    two.decider._handing_over.step = lambda *_, **__: False  # type: ignore[method-assign]
    minutes(3)
    of_slot = [
        each for each in town.controls(0) if isinstance(each, Request) and each.by == "tally-0"
    ]
    assert len(of_slot) == 3


def test_what_a_person_moved_is_not_asked_back_also_by_who_begins_at_a_snapshot() -> None:
    town = Town(snapshot_every=8)
    one, two = town.two_slots()
    town.ask(0, TO_1)
    town.turn(one, two, times=10, ms=50)
    assert two.owns() == {0, 1}
    town.turn(one, two, times=60, ms=900)
    again = town.start(0)
    town.turn(again, two, times=60, ms=900)
    assert again.observer.loads, "it began at no snapshot"
    assert two.owns() == {0, 1}
    assert asked(town, 0) == 1


def test_a_slot_that_keeps_dying_asks_ever_later() -> None:
    town = Town()
    slot, two = town.start(0), town.start(1)
    town.turn(slot, two, times=10, ms=100)
    waits = []
    for _ in range(3):
        while 0 not in two.owns():
            town.turn(two, times=1, ms=100)
        slot, waited_ms = town.start(0), 0
        while 0 not in slot.owns():
            town.turn(slot, two, times=1, ms=100)
            waited_ms += 100
        waits.append(waited_ms // CALM_MS)
    assert waits == [1, 2, 4]

from services.runtime.fenced_log.header import Fence, Position, Yield
from services.runtime.fenced_log.requests import HAND_OVER_STANDS_MS
from services.runtime.fenced_log.role import Role
from services.runtime.fenced_log.wishes import HandOver
from tests.fakes.tally import LOG, PACED
from tests.unit.runtime.town import ALL_INPUTS, CODEC, SPREAD, Town

TO_1 = HandOver("tally-1")


def test_a_partition_goes_to_the_slot_that_was_asked_for_and_no_decision_is_lost() -> None:
    town = Town()
    one, two = town.two_slots()
    town.give(PACED, 0, 1, 2)
    town.ask(0, TO_1)
    town.turn(one, two, times=2, ms=100)
    town.give(PACED, 0, 3)
    town.turn(one, two, times=8, ms=50)
    assert (one.owns(), two.owns()) == (set(), {0, 1})
    assert one.observer.owned_now == set()
    assert one.seen(0) == two.seen(0) == town.entries(0) == [1, 2, 3]
    assert town.fences(0) == ["tally-0", "tally-1"]


def test_nothing_of_a_reign_follows_its_yield() -> None:
    town = Town()
    one, two = town.two_slots()
    town.ask(0, TO_1)
    for _ in range(30):
        town.give(PACED, 0, 1)
        town.turn(one, times=1, ms=100)
    assert two.owns() == {1}
    last = CODEC.header(town.broker.records((LOG, 0))[-1].value)
    assert last.control == Yield("tally-1")
    assert town.yields(0) == ["tally-1"]


def test_a_yield_names_every_input_that_moved() -> None:
    town = Town()
    one, two = town.two_slots()
    town.give(PACED, 0, 1)
    town.turn(one, two)
    town.ask(0, TO_1)
    town.turn(one, two, times=4, ms=100)
    assert (
        two.decider.partitions[0].decided.positions == one.decider.partitions[0].decided.positions
    )
    assert two.decider.partitions[0].decided.positions[PACED, 0] == Position(1)


def test_who_gave_a_partition_away_follows_with_the_state_that_it_has() -> None:
    town = Town()
    one, two = town.two_slots()
    town.give(PACED, 0, 1)
    town.turn(one, two)
    core = one.core(0)
    town.ask(0, TO_1)
    town.turn(one, two, times=8, ms=50)
    town.give(PACED, 0, 2)
    town.turn(one, two)
    assert one.core(0) is core, "its state was folded again"
    assert one.seen(0) == [1, 2]


def test_a_yield_that_is_read_back_before_it_is_acknowledged_ends_the_reign_too() -> None:
    town = Town()
    one, two = town.two_slots()
    core = one.core(0)
    one.writer.holding = True
    town.ask(0, TO_1)
    town.turn(one, times=3, ms=100)
    assert one.writer.deliver_late()
    town.turn(one, two, times=8, ms=50)
    assert (one.owns(), two.owns()) == (set(), {0, 1})
    assert one.core(0) is core, "its state was folded again"


def test_a_yield_names_what_was_passed_over_of_a_shared_input() -> None:
    town = Town(inputs=ALL_INPUTS)
    one, two = town.two_slots()
    town.tell(1, 0)
    town.tell(1, 1, 3)  # for the other partition
    town.turn(one, two, times=1)
    town.ask(0, TO_1)
    town.turn(one, times=1, ms=100)
    header = CODEC.header(town.broker.records((LOG, 0))[-1].value)
    assert header.control == Yield("tally-1")
    named = {(topic, number): position for topic, number, position in header.inputs}
    assert named[SPREAD, 0].offset == 2


def test_a_partition_that_the_named_slot_does_not_take_is_taken_back_after_the_silence() -> None:
    town = Town()
    one, _ = town.two_slots()
    town.ask(0, TO_1)
    town.turn(one, times=30, ms=100)
    assert town.yields(0) == ["tally-1"]
    assert 0 not in one.owns(), "taken back before the silence was over"
    town.turn(one, times=10, ms=100)
    assert 0 in one.owns()
    town.give(PACED, 0, 1)
    town.turn(one)
    assert one.seen(0) == [1]


def test_a_third_slot_waits_for_the_silence_too_when_another_was_named() -> None:
    town = Town(slots=3)
    one, two, three = (town.start(index) for index in range(3))
    town.turn(one, two, three, times=10, ms=100)
    town.ask(0, TO_1)
    town.turn(one, three, times=25, ms=100)
    assert three.owns() == set()
    town.turn(three, times=15, ms=100)
    assert 0 in three.owns()


def test_a_hand_over_to_the_owner_changes_nothing() -> None:
    town = Town()
    one, two = town.two_slots()
    town.ask(0, HandOver("tally-0"))
    town.turn(one, two, times=10, ms=100)
    assert town.yields(0) == []
    assert one.owns() == {0}


def test_a_request_that_the_owner_reads_too_late_is_void() -> None:
    town = Town()
    one, _ = town.two_slots()
    town.ask(0, TO_1)
    town.clock.advance(HAND_OVER_STANDS_MS + 1)
    town.turn(one, times=10, ms=100)
    assert town.yields(0) == []


def test_a_request_is_for_the_reign_in_which_it_stands() -> None:
    town = Town()
    _, two = town.two_slots()
    town.ask(0, HandOver("tally-9"))
    town.pass_silence(two)
    assert two.owns() == {0, 1}
    town.turn(two, times=10, ms=100)
    assert town.yields(0) == []


def test_a_hand_over_is_no_takeover_that_asks_for_more_silence_next_time() -> None:
    town = Town()
    one, two = town.two_slots()
    for to_slot, slots in (("tally-1", (one, two)), ("tally-0", (one, two))) * 2:
        town.ask(0, HandOver(to_slot))
        town.turn(*slots, times=8, ms=50)
    assert town.fences(0) == ["tally-0", "tally-1"] * 2 + ["tally-0"]
    assert two.decider.partitions[0].watch.silence_ms() == 3_000


def test_two_lives_of_a_named_slot_fence_and_one_of_them_wins() -> None:
    town = Town()
    one, two = town.two_slots()
    town.ask(0, TO_1)
    two.writer.holding = True
    while two.decider.partitions[0].role is not Role.FENCING:
        town.turn(one, two, times=1, ms=100)
    again = town.start(1)
    again.writer.holding = True
    town.turn(again, times=4, ms=50)
    assert again.decider.partitions[0].role is Role.FENCING
    assert two.writer.deliver_late()
    again.writer.holding = False
    town.turn(one, again, times=8, ms=50)
    town.give(PACED, 0, 5)
    town.turn(one, again)
    assert one.seen(0) == again.seen(0) == [5]
    epochs = [
        CODEC.header(each.value).point.epoch
        for each in town.broker.records((LOG, 0))
        if isinstance(CODEC.header(each.value).control, Fence)
    ]
    assert epochs[:3] == [1, 2, 2]

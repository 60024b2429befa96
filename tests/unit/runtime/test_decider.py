import pytest

from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.decider import IDLE_POLL_S
from services.runtime.fenced_log.role import Role
from services.runtime.fenced_log.turn import ENTRIES_MAX
from tests.fakes.log import FakeClock
from tests.fakes.tally import LOG, ORDERS, PACED, AlarmCore, TallyCore
from tests.unit.runtime.town import CODEC, GatedCore, Slot, Town


def test_each_slot_takes_the_ownerless_partitions_it_prefers_at_once() -> None:
    town = Town()
    one, two = town.start(0), town.start(1)
    town.turn(one, two)
    assert (one.owns(), two.owns()) == ({0}, {1})
    assert (one.observer.owned_now, two.observer.owned_now) == ({0}, {1})
    assert one.decider.waiting_for == ""


def test_a_slot_that_is_not_there_is_not_waited_for_longer_than_the_silence() -> None:
    town = Town()
    one = town.start(0)
    town.turn(one)
    assert one.owns() == {0}
    town.pass_silence(one)
    assert one.owns() == {0, 1}


def test_an_input_is_decided_by_the_owner_and_followed_by_the_others() -> None:
    town = Town()
    one, two = town.start(0), town.start(1)
    town.turn(one, two)
    town.give(PACED, 0, 1, 2)
    town.give(PACED, 1, 3)
    town.give(ORDERS, 0, 4)
    town.turn(one, two)
    assert one.seen(0) == two.seen(0) == [4, 1, 2]
    assert one.seen(1) == two.seen(1) == [4, 3]


def test_a_dead_owner_s_partition_is_taken_over_and_gone_on_with() -> None:
    town = Town()
    one, two = town.start(0), town.start(1)
    town.turn(one, two)
    town.give(PACED, 0, 1, 2)
    town.turn(one, two)
    town.give(PACED, 0, 3)
    town.pass_silence(two)
    assert two.owns() == {0, 1}
    assert two.seen(0) == town.entries(0) == [1, 2, 3]


def test_a_restarted_slot_takes_back_its_own_at_once() -> None:
    town = Town()
    one = town.start(0)
    town.turn(one)
    town.give(PACED, 0, 1)
    town.turn(one)
    again = town.start(0)
    town.turn(again)
    assert again.owns() == {0}
    assert again.seen(0) == [1]


def test_an_owner_woken_after_a_takeover_steps_down_and_is_rebuilt_from_the_log() -> None:
    town = Town()
    one, two = town.start(0), town.start(1)
    town.turn(one, two)
    town.give(PACED, 0, 1)
    one.writer.holding = True
    town.turn(one, two)
    assert one.seen(0) == [1]
    town.pass_silence(two)
    town.give(PACED, 0, 2)
    town.turn(two)
    one.writer.holding = False
    town.turn(one, two)
    assert one.owns() == set()
    assert one.observer.owned_now == set()
    assert one.seen(0) == two.seen(0) == [1, 2]
    town.turn(one, two, times=100, ms=100)
    assert town.fences(0) == ["tally-0", "tally-1"]


def test_the_late_record_of_a_former_owner_is_dropped_by_all() -> None:
    town = Town()
    one, two = town.start(0), town.start(1)
    town.turn(one, two)
    town.give(PACED, 0, 1)
    one.writer.holding = True
    town.turn(one)
    town.pass_silence(two)
    assert one.writer.deliver_late()
    town.turn(two)
    assert town.entries(0) == [1, 1]
    assert two.seen(0) == [1]


def test_the_loser_of_a_fence_race_follows_the_winner() -> None:
    town = Town(slots=3)
    dead, two, three = town.start(0), town.start(1), town.start(2)
    town.turn(dead, two, three)
    while two.decider.partitions[0].role is not Role.FENCING:
        town.turn(two, three, times=1, ms=100)
        two.writer.holding = two.decider.partitions[0].role is Role.FOLLOWING
        three.writer.holding = two.writer.holding
        town_serve(two, three)
    two.writer.holding = three.writer.holding = False
    town.turn(two, three)
    assert sorted([two.owns() & {0}, three.owns() & {0}]) in ([set(), {0}], [{0}, set()])
    town.give(PACED, 0, 5)
    town.turn(two, three)
    assert two.seen(0) == three.seen(0) == [5]


def town_serve(*slots: Slot) -> None:
    for slot in slots:
        slot.writer.serve()


def test_a_fence_that_arrives_after_the_owner_woke_repeats_nothing() -> None:
    town = Town()
    one, two = town.start(0), town.start(1)
    town.turn(one, two)
    two.writer.holding = True
    while two.decider.partitions[0].role is not Role.FENCING:
        town.turn(two, times=1, ms=100)
        if two.decider.partitions[0].role is Role.CLAIMING:
            two.writer.holding = False
            two.writer.serve()
            two.writer.holding = True
    town.give(PACED, 0, 1, 2, 3)
    town.turn(one)
    two.writer.holding = False
    town.turn(one, two)
    assert two.owns() == {0, 1}
    assert one.seen(0) == two.seen(0) == town.entries(0) == [1, 2, 3]


def test_an_owner_answers_a_claim_before_the_claimant_may_fence() -> None:
    town = Town()
    one, two = town.start(0), town.start(1)
    town.turn(one, two)
    while two.decider.partitions[0].role is not Role.CLAIMING:
        town.turn(two, times=1, ms=100)
    town.turn(one, two, times=50, ms=100)
    assert one.owns() == {0}
    assert town.fences(0) == ["tally-0"]


def test_a_stepped_wall_clock_changes_nothing() -> None:
    town = Town()
    own_clock = FakeClock()
    one = town.start(0, clock=own_clock)

    def turn() -> None:
        own_clock.advance(10)
        town.turn(one, times=1)

    for _ in range(4):
        turn()
    for step_ms in (3_600_000, -7_200_000):
        own_clock.offset += step_ms
        town.give(PACED, 0, step_ms)
        for _ in range(3):
            turn()
    assert one.seen(0) == [3_600_000, -7_200_000]
    for moment in one.core(0).moments:
        assert 0 <= town.clock.wall_ms() - moment.written_at_ms < 1_000


def test_a_slot_whose_clock_is_wrong_does_not_take_a_partition() -> None:
    town = Town()
    wrong = FakeClock()
    wrong.offset -= 3_600_000
    one = town.start(0, clock=wrong)
    with pytest.raises(PromiseBrokenError, match="correct the clock"):
        town.turn(one)


def test_a_broker_away_for_everyone_is_no_reason_for_a_takeover() -> None:
    town = Town()
    one, two = town.start(0), town.start(1)
    town.turn(one, two, times=10, ms=100)
    town.broker.away = True
    town.turn(one, two, times=40, ms=100)
    town.broker.away = False
    town.turn(one, two, times=40, ms=100)
    assert (town.fences(0), town.fences(1)) == (["tally-0"], ["tally-1"])


def time_lag_ms(town: Town, number: int) -> int:
    """Give by how much the broker time of the newest record lies before its append time."""
    newest = town.broker.records((LOG, number))[-1]
    return newest.appended_at_ms - CODEC.header(newest.value).at_ms


def test_a_paced_leader_that_is_away_stops_the_time_of_its_partition_and_of_no_other() -> None:
    town = Town()
    one = town.start(0)
    town.pass_silence(one)
    assert one.owns() == {0, 1}
    town.broker.away = {(PACED, 0)}
    records = len(town.broker.records((LOG, 0)))
    town.turn(one, times=60, ms=100)
    assert len(town.broker.records((LOG, 0))) >= records + 6
    assert time_lag_ms(town, 0) >= 4_000
    assert time_lag_ms(town, 1) <= 200
    town.give(PACED, 0, 1)
    town.give(PACED, 1, 2)
    town.turn(one)
    assert (one.seen(0), one.seen(1)) == ([], [2])
    town.broker.away = False
    town.turn(one, times=12, ms=100)
    assert (one.seen(0), one.seen(1)) == ([1], [2])
    assert time_lag_ms(town, 0) <= 200
    assert town.fences(0) == town.fences(1) == ["tally-0"]


def test_a_backlog_older_than_a_second_is_judged_when_it_was_appended() -> None:
    town = Town()
    one = town.start(0)
    town.turn(one)
    town.give(PACED, 0, 1)
    appended_ms = town.clock.wall_ms()
    town.turn(one, times=1, ms=9_000)
    town.give(PACED, 0, 2)
    town.turn(one)
    old, new = one.core(0).moments
    assert (old.behind, old.now_ms) == (True, appended_ms)
    assert old.written_at_ms > appended_ms
    assert not new.behind
    assert new.now_ms == new.written_at_ms


def test_a_lost_acknowledgement_ends_the_process() -> None:
    town = Town()
    one = town.start(0)
    town.turn(one)
    one.writer.lose_acks = True
    town.give(PACED, 0, 1)
    with pytest.raises(PromiseBrokenError, match="not acknowledged"):
        town.turn(one)


def test_what_waits_for_an_acknowledgement_is_decided_as_soon_as_it_comes() -> None:
    town = Town()
    one = town.start(0)
    town.turn(one)
    one.writer.slow = True
    for value in (1, 2):
        town.give(PACED, 0, value)
        one.decider.turn()
    assert one.seen(0) == [1]
    one.decider.turn()
    assert one.seen(0) == [1, 2]


def test_an_acknowledgement_at_the_end_of_a_turn_lets_the_next_begin_at_once() -> None:
    town = Town()
    one = town.start(0)
    town.turn(one)
    town.give(PACED, 0, *range(ENTRIES_MAX + 1))
    one.decider.turn()
    one.decider.turn()
    assert one.reader.timeouts_s[-2:] == [IDLE_POLL_S, 0.0]
    assert len(one.seen(0)) == ENTRIES_MAX + 1


def test_what_the_core_holds_back_does_not_keep_the_loop_from_waiting() -> None:
    town = Town()
    one = town.start(0, lambda _: GatedCore())
    town.turn(one)
    town.give(PACED, 0, 1)
    one.decider.turn()
    one.decider.turn()
    assert one.reader.timeouts_s[-1] == IDLE_POLL_S


def test_what_is_due_and_does_not_fit_one_record_goes_on_with_the_next() -> None:
    town = Town()
    core = AlarmCore(rings_after_ms=0)
    one = town.start(0, lambda number: TallyCore() if number else core)
    town.turn(one)
    town.give(PACED, 0, *range(1, ENTRIES_MAX - 100))
    town.give(PACED, 0, *range(ENTRIES_MAX, 2 * ENTRIES_MAX - 100))
    # No time passes: nobody looks at a partition but for what waits there.
    town.turn(one, times=12, ms=0)
    assert core.rings_at_ms == {}


def test_a_partition_whose_poison_is_held_back_holds_up_no_other_and_goes_on_in_time() -> None:
    town = Town(slots=1)
    slot = town.start(0, lambda _: TallyCore(failing={2}))
    town.pass_silence(slot)
    slot.observer.held_back.add(0)
    town.give(PACED, 0, 2, 1)
    town.give(PACED, 1, *range(3, 9))
    town.turn(slot, times=40)
    assert (town.entries(0), town.entries(1)) == ([], list(range(3, 9)))
    assert slot.owns() == {0, 1}
    slot.observer.held_back.clear()
    town.turn(slot, times=40)
    assert (town.entries(0), len(slot.observer.aside)) == ([1], 1)


def test_an_input_that_was_held_back_is_decided_by_a_process_that_can() -> None:
    town = Town(slots=1)
    broken = town.start(0, lambda _: TallyCore(failing={2}))
    town.pass_silence(broken)
    broken.observer.held_back.add(0)
    town.give(PACED, 0, 2, 1)
    town.turn(broken, times=40)
    mended = town.start(0)
    town.pass_silence(mended)
    assert (town.entries(0), mended.observer.aside) == ([2, 1], [])

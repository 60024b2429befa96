from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest

from services.runtime.fenced_log.question import SLICE_MS, Asker, NotToldError, Question, Told
from tests.fakes.log import FakeClock
from tests.fakes.tally import LOG, PACED, TallyCore
from tests.support.eventually import eventually
from tests.unit.runtime.town import CODEC, Slot, Town

SOON_S = 0.05


def seen(core: TallyCore) -> list[int]:
    return list(core.seen)


def asked(*slots: Slot) -> Question:
    question = Question(seen)
    for slot in slots:
        slot.decider.question = question
    return question


def is_fold_of_the_log(town: Town, told: Told) -> bool:
    """Read the log below the offset that was told, of a partition that nobody fought for."""
    records = town.broker.records((LOG, told.partition))[: told.next_offset]
    entries = [entry for arrived in records for entry in CODEC.entries(arrived.value)]
    return told.point == CODEC.header(records[-1].value).point and told.state == entries


def alone() -> tuple[Town, Slot]:
    """Give a slot that owns both partitions."""
    town = Town()
    one = town.start(0)
    town.pass_silence(one)
    assert one.owns() == {0, 1}
    return town, one


def test_what_is_owned_is_told_with_the_place_in_the_log_that_it_is_the_fold_of() -> None:
    town, one = alone()
    town.give(PACED, 0, 1, 2)
    town.give(PACED, 1, 3)
    town.turn(one)
    question = asked(one)
    town.turn(one, times=1)
    assert question.answered.is_set()
    assert [told.state for told in question.told.values()] == [[1, 2], [3]]
    assert all(is_fold_of_the_log(town, told) for told in question.told.values())


def test_a_state_that_runs_ahead_of_the_log_is_told_when_the_log_has_it() -> None:
    town, one = alone()
    one.writer.holding = True
    town.give(PACED, 0, 1)
    town.turn(one)
    assert one.seen(0) == [1]
    assert town.entries(0) == []
    question = asked(one)
    town.turn(one)
    assert question.told.keys() == {1}
    assert not question.answered.is_set()
    one.writer.holding = False
    town.turn(one, times=1)
    assert question.answered.is_set()
    assert question.told[0].state == [1]
    assert is_fold_of_the_log(town, question.told[0])


def test_a_loop_that_never_rests_between_two_records_answers_all_the_same() -> None:
    town, one = alone()
    one.writer.slow = True  # each record is settled when the next one waits for it already
    question = asked(one)
    for value in range(8):
        town.give(PACED, 0, value)
        one.decider.turn()
    assert question.answered.is_set()
    assert is_fold_of_the_log(town, question.told[0])


def test_the_partitions_of_others_are_not_told() -> None:
    town = Town()
    one, two = town.start(0), town.start(1)
    town.turn(one, two)
    questions = asked(one), asked(two)
    town.turn(one, two)
    assert [question.told.keys() for question in questions] == [{0}, {1}]


def test_a_slot_that_owns_nothing_says_so_at_once() -> None:
    town = Town()
    one, two = town.start(0), town.start(1)
    town.turn(one)
    town.pass_silence(one)
    question = asked(two)
    town.turn(two, times=1)
    assert question.answered.is_set()
    assert not question.told


def test_an_owner_that_was_overtaken_and_has_not_read_it_tells_where_it_stands() -> None:
    town = Town()
    one, two = town.start(0), town.start(1)
    town.turn(one, two)
    town.give(PACED, 0, 1)
    town.turn(one, two)
    town.pass_silence(two)
    assert two.owns() == {0, 1}
    one.reader.paused.add((LOG, 0))
    late = asked(one)
    one.decider.turn()
    now = asked(two)
    two.decider.turn()
    assert late.told[0].state == now.told[0].state == [1]
    assert late.told[0].next_offset < now.told[0].next_offset
    (before, after) = (each.told[0].point for each in (late, now))
    assert before is not None
    assert after is not None
    assert before.epoch < after.epoch


def test_a_turn_looks_at_one_partition_when_looking_takes_long() -> None:
    town, one = alone()
    clock = town.clock

    def long_look(core: TallyCore) -> Sequence[int]:
        clock.advance(SLICE_MS)
        return seen(core)

    question = Question(long_look)
    one.decider.question = question
    one.decider.turn()
    assert len(question.told) == 1
    one.decider.turn()
    assert len(question.told) == 2
    assert question.answered.is_set()


def test_an_answer_does_not_change_after_it_was_given() -> None:
    town, one = alone()
    question = asked(one)
    town.turn(one, times=1)
    told = [replace(each) for each in question.told.values()]
    town.give(PACED, 0, 5)
    town.turn(one)
    assert list(question.told.values()) == told


# --- asking from another thread ------------------------------------------------------------------


class StandingLoop:
    """A loop that does not turn."""

    question: Question | None = None


def in_thread(pool: ThreadPoolExecutor, asker: Asker) -> Future[Sequence[Told]]:
    return pool.submit(asker.ask)


def test_who_asks_gets_the_answer_of_the_next_turns_and_takes_the_question_back() -> None:
    town, one = alone()
    asker = Asker(one.decider, seen)
    with ThreadPoolExecutor() as pool:
        answer = in_thread(pool, asker)
        eventually(lambda: one.decider.question)
        town.turn(one, times=2)
        assert [told.partition for told in answer.result()] == [0, 1]
    assert one.decider.question is None


def test_a_loop_that_stands_still_is_not_waited_for() -> None:
    loop = StandingLoop()
    with pytest.raises(NotToldError, match=r"stands still.*ask again"):
        Asker(loop, seen, SOON_S).ask()
    assert loop.question is None


def test_one_question_waits_for_another_and_not_for_ever() -> None:
    loop = StandingLoop()
    asker = Asker(loop, seen, SOON_S)
    with ThreadPoolExecutor() as pool, asker._one_at_a_time:
        answer = in_thread(pool, asker)
        with pytest.raises(NotToldError, match=r"another question.*ask again"):
            answer.result()
        assert loop.question is None
    loop.question = Question(seen)
    loop.question.put([], FakeClock())
    assert loop.question.answered.is_set()

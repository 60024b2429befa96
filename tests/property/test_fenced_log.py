"""Several owners fight for two partitions; whatever happens, the log tells one story."""

import os
from datetime import timedelta

from hypothesis import HealthCheck, Phase, settings, stateful
from hypothesis import strategies as st

from services.runtime.fenced_log.role import Role
from services.runtime.fenced_log.wishes import HandOver, Skip
from tests.fakes.tally import LOG, ORDERS, PACED
from tests.support.log_story import Story
from tests.support.slots_of_one_log import (
    PARTITIONS,
    ROUND_MS,
    SLOTS,
    SlotsOfOneLog,
    decidable,
)

EXAMPLES = int(os.environ.get("FENCED_LOG_EXAMPLES", "250"))
STEPS = int(os.environ.get("FENCED_LOG_STEPS", "60"))
SHRINK = os.environ.get("FENCED_LOG_SHRINK", "0") == "1"
"""A failing story is shortened on demand: that takes minutes, and the tier has seconds."""
CALM_ROUNDS = 30
HELD_ROUNDS = 12

slot = st.integers(0, SLOTS - 1)
partition = st.integers(0, PARTITIONS - 1)


class OwnersOfOneLog(SlotsOfOneLog):
    """Slots that are turned, paused, killed and restarted over a log that delays and forgets."""

    @stateful.initialize(slots=st.integers(2, SLOTS), limit=st.sampled_from([50, 500]))
    def begin(self, slots: int, limit: int) -> None:
        self.limit = limit
        for index in range(slots):
            self.start(index)

    # --- the world -------------------------------------------------------------------------------

    @stateful.rule(number=partition, count=st.integers(0, 6))
    def paced_inputs_arrive(self, number: int, count: int) -> None:
        self.give(PACED, number, count)

    @stateful.rule(count=st.integers(1, 3))
    def orders_arrive(self, count: int) -> None:
        self.give(ORDERS, 0, count)

    @stateful.rule(number=partition)
    def an_unreadable_input_arrives(self, number: int) -> None:
        self.broker.append((PACED, number), b"not a number")
        self.spoilt += 1

    @stateful.rule(ms=st.sampled_from([20, 300, 900, 1_100, 3_100, 7_000, 20_000]))
    def time_passes(self, ms: int) -> None:
        self.clock.advance(ms)

    @stateful.rule(away=st.booleans())
    def the_broker_leaves_or_returns(self, away: bool) -> None:
        self.broker.away = away

    @stateful.rule(away=st.sets(st.tuples(st.sampled_from([LOG, PACED, ORDERS]), partition)))
    def some_leaders_leave_and_the_others_return(self, away: set[tuple[str, int]]) -> None:
        self.broker.away = away

    # --- the slots -------------------------------------------------------------------------------

    @stateful.rule(index=slot)
    def one_slot_turns(self, index: int) -> None:
        self.turn(index)

    @stateful.rule(rounds=st.integers(1, 12), ms=st.sampled_from([20, 300, 900]))
    def everybody_turns(self, rounds: int, ms: int) -> None:
        for _ in range(rounds):
            self.clock.advance(ms)
            for index in range(SLOTS):
                self.turn(index)

    @stateful.rule(index=slot)
    def a_slot_is_paused_or_woken(self, index: int) -> None:
        if index in self.slots:
            self.slots[index].paused = not self.slots[index].paused

    @stateful.rule(index=slot)
    def sends_are_held_or_released(self, index: int) -> None:
        if index in self.slots:
            writer = self.slots[index].writer
            writer.holding = not writer.holding

    @stateful.rule(index=slot)
    def an_acknowledgement_is_lost(self, index: int) -> None:
        if index in self.slots:
            self.slots[index].writer.lose_acks = True

    @stateful.rule(index=slot, number=partition)
    def a_fence_is_held_while_the_owner_wakes(self, index: int, number: int) -> None:
        if index not in self.slots:
            return
        one = self.slots[index]
        with self.asleep(other for other in self.slots if other != index):
            for _ in range(HELD_ROUNDS):
                if index not in self.slots or one.role(number) is Role.FENCING:
                    break
                one.deliver_and_hold()
                self.clock.advance(ROUND_MS)
                self.turn(index)

    @stateful.rule(number=partition, rounds=st.integers(8, 25))
    def an_owner_sleeps_with_a_record_under_way(self, number: int, rounds: int) -> None:
        for index, one in list(self.slots.items()):
            if one.role(number) is not Role.OWNING:
                continue
            one.deliver_and_hold()
            self.give(PACED, number, 3)
            self.turn(index)
            with self.asleep({index} & set(self.slots)):
                self.everybody_turns(rounds, ROUND_MS)

    # --- what is asked for -----------------------------------------------------------------------

    @stateful.rule(number=partition, to=slot, by_itself=st.booleans())
    def a_hand_over_is_asked_for(self, number: int, to: int, by_itself: bool) -> None:
        self.ask(number, HandOver(f"tally-{to}"), f"tally-{to}" if by_itself else "")

    @stateful.rule(number=partition, ahead=st.integers(0, 2))
    def an_input_is_to_be_skipped(self, number: int, ahead: int) -> None:
        position = self.stories[number].positions.get((PACED, number))
        offset = (position.offset if position else 0) + ahead
        self.ask(number, Skip(PACED, number, offset, position.index if position else 0))

    @stateful.rule(number=partition, to=slot, rounds=st.integers(1, 6))
    def a_partition_is_moved_amid_work(self, number: int, to: int, rounds: int) -> None:
        self.ask(number, HandOver(f"tally-{to}"))
        for _ in range(rounds):
            self.give(PACED, number, 2)
            self.everybody_turns(1, 120)

    @stateful.rule(index=slot, rounds=st.integers(0, 6))
    def a_slot_leaves_in_order(self, index: int, rounds: int) -> None:
        if index not in self.slots:
            return
        self.slots[index].decider.leave()
        self.everybody_turns(rounds, 120)
        self.kill(index)

    @stateful.rule(index=slot)
    def a_slot_is_killed(self, index: int) -> None:
        self.kill(index)

    @stateful.rule(index=slot)
    def a_dead_slot_starts_again(self, index: int) -> None:
        if index not in self.slots:
            self.start(index)

    @stateful.precondition(lambda self: self.late)
    @stateful.rule(data=st.data())
    def a_late_record_of_a_dead_slot_arrives(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.late)).deliver_late()

    @stateful.precondition(lambda self: self.late)
    @stateful.rule(data=st.data())
    def the_rest_of_a_dead_slot_never_arrives(self, data: st.DataObject) -> None:
        self.late.remove(data.draw(st.sampled_from(self.late)))

    # --- the laws --------------------------------------------------------------------------------

    @stateful.invariant()
    def an_independent_reader_finds_one_story(self) -> None:
        self.read_on()

    @stateful.invariant()
    def inputs_are_applied_in_their_order(self) -> None:
        for story in self.stories:
            for topic, number in ((PACED, story.number), (ORDERS, 0)):
                skipped = story.skipped_numbers(self.broker)
                given = decidable(self.given(topic, number), skipped)
                told = [n for n in story.told if n in set(given)]
                assert told == given[: len(told)], "an input is missing or out of order"

    @stateful.invariant()
    def no_follower_knows_more_than_the_log(self) -> None:
        for each in self.slots.values():
            for part in each.decider.partitions:
                told = self.stories[part.number].told
                seen = each.seen(part.number)
                if part.role is not Role.OWNING:
                    assert seen == told[: len(seen)]

    def teardown(self) -> None:
        self.broker.away = False
        for writer in self.late:
            while writer.deliver_late():
                pass
        self.start_the_dead()
        for each in self.slots.values():
            each.paused = each.writer.holding = each.writer.lose_acks = False
        self.settle()
        taken = [story.fences - story.hand_overs for story in self.stories]
        given = [story.hand_overs for story in self.stories]
        for _ in range(CALM_ROUNDS):
            self.round()
        self.settle()
        assert taken == [story.fences - story.hand_overs for story in self.stories], (
            "a takeover without a cause"
        )
        for before, story in zip(given, self.stories, strict=True):
            assert story.hand_overs <= before + 1, "it goes to and fro"
        self._judge_the_end()

    def _judge_the_end(self) -> None:
        for story in self.stories:
            again = Story(story.number)
            again.go_on(self.broker.records((LOG, story.number)))
            assert again.told == story.told, "two readers disagree"
            given = [*self.given(PACED, story.number), *self.given(ORDERS, 0)]
            skipped = story.skipped_numbers(self.broker)
            assert sorted(story.told) == sorted(decidable(given, skipped)), (
                "an input was not applied"
            )
        aside = sum(len(story.set_aside) for story in self.stories)
        paced = [n for number in range(PARTITIONS) for n in self.given(PACED, number)]
        skipped = {n for story in self.stories for n in story.skipped_numbers(self.broker)}
        assert aside == len(paced) - len(decidable(paced, skipped)) + self.spoilt, (
            "an input is neither applied nor set aside"
        )


OwnersOfOneLog.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=timedelta(seconds=20),
    phases=[phase for phase in Phase if SHRINK or phase not in (Phase.shrink, Phase.explain)],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestOwnersOfOneLog = OwnersOfOneLog.TestCase

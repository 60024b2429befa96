"""Several owners fight for two partitions; whatever happens, the log tells one story."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from hypothesis import HealthCheck, Phase, settings, stateful
from hypothesis import strategies as st

from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.reader import LogGapError, ReaderTooOldError
from services.runtime.fenced_log.role import Role
from services.runtime.fenced_log.world import Place
from tests.fakes.gateway import CountingIds
from tests.fakes.log import FakeClock, HeldLogWriter, InMemoryBroker, InMemoryLogReader
from tests.fakes.tally import (
    LOG,
    ORDERS,
    PACED,
    numbers,
)
from tests.support.log_story import Story, TallySlot

EXAMPLES = int(os.environ.get("FENCED_LOG_EXAMPLES", "250"))
STEPS = int(os.environ.get("FENCED_LOG_STEPS", "60"))
SHRINK = os.environ.get("FENCED_LOG_SHRINK", "0") == "1"
"""A failing story is shortened on demand: that takes minutes, and the tier has seconds."""
PARTITIONS = 2
SLOTS = 3
SNAPSHOT_EVERY = 8
"""So few records that most lives of a slot begin at a snapshot."""
FAILS_EVERY = 5
"""Every fifth number cannot be decided, and is set aside."""
FAILING = set(range(0, 100_000, FAILS_EVERY))
SETTLE_ROUNDS = 600
ROUND_MS = 400
CALM_ROUNDS = 30
HELD_ROUNDS = 12

slot = st.integers(0, SLOTS - 1)
partition = st.integers(0, PARTITIONS - 1)


class OwnersOfOneLog(stateful.RuleBasedStateMachine):
    """Slots that are turned, paused, killed and restarted over a log that delays and forgets."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.broker = InMemoryBroker(self.clock)
        self.ids = CountingIds()
        self.slots: dict[int, TallySlot] = {}
        self.late: list[HeldLogWriter] = []
        self.next_number = 1
        self.given: dict[tuple[str, int], list[int]] = {}
        self.spoilt = 0
        self.stories = [Story(number) for number in range(PARTITIONS)]
        self.limit = 500

    @stateful.initialize(slots=st.integers(2, SLOTS), limit=st.sampled_from([50, 500]))
    def begin(self, slots: int, limit: int) -> None:
        self.limit = limit
        for index in range(slots):
            self._start(index)

    # --- the world -------------------------------------------------------------------------------

    @stateful.rule(number=partition, count=st.integers(0, 6))
    def paced_inputs_arrive(self, number: int, count: int) -> None:
        self._give(PACED, number, count)

    @stateful.rule(count=st.integers(1, 3))
    def orders_arrive(self, count: int) -> None:
        self._give(ORDERS, 0, count)

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
        self._turn(index)

    @stateful.rule(rounds=st.integers(1, 12), ms=st.sampled_from([20, 300, 900]))
    def everybody_turns(self, rounds: int, ms: int) -> None:
        for _ in range(rounds):
            self.clock.advance(ms)
            for index in range(SLOTS):
                self._turn(index)

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
        with self._asleep(other for other in self.slots if other != index):
            for _ in range(HELD_ROUNDS):
                if index not in self.slots or one.role(number) is Role.FENCING:
                    break
                one.deliver_and_hold()
                self.clock.advance(ROUND_MS)
                self._turn(index)

    @stateful.rule(number=partition, rounds=st.integers(8, 25))
    def an_owner_sleeps_with_a_record_under_way(self, number: int, rounds: int) -> None:
        for index, one in list(self.slots.items()):
            if one.role(number) is not Role.OWNING:
                continue
            one.deliver_and_hold()
            self._give(PACED, number, 3)
            self._turn(index)
            with self._asleep({index} & set(self.slots)):
                self.everybody_turns(rounds, ROUND_MS)

    @stateful.rule(index=slot)
    def a_slot_is_killed(self, index: int) -> None:
        self._kill(index)

    @stateful.rule(index=slot)
    def a_dead_slot_starts_again(self, index: int) -> None:
        if index not in self.slots:
            self._start(index)

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
        for story in self.stories:
            story.go_on(self.broker.records((LOG, story.number)))

    @stateful.invariant()
    def inputs_are_applied_in_their_order(self) -> None:
        for story in self.stories:
            for topic, number in ((PACED, story.number), (ORDERS, 0)):
                given = _decidable(self.given.get((topic, number), []))
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
        self._start_the_dead()
        for each in self.slots.values():
            each.paused = each.writer.holding = each.writer.lose_acks = False
        for _ in range(SETTLE_ROUNDS):
            self._round()
            if self._settled():
                break
        assert self._settled(), self._unsettled()
        fences = [story.fences for story in self.stories]
        for _ in range(CALM_ROUNDS):
            self._round()
        assert self._settled(), self._unsettled()
        assert fences == [story.fences for story in self.stories], "a takeover without a cause"
        self._judge_the_end()

    def _judge_the_end(self) -> None:
        for story in self.stories:
            again = Story(story.number)
            again.go_on(self.broker.records((LOG, story.number)))
            assert again.told == story.told, "two readers disagree"
            given = [*self._given(PACED, story.number), *self._given(ORDERS, 0)]
            assert sorted(story.told) == sorted(_decidable(given)), "an input was not applied"
        aside = sum(len(story.set_aside) for story in self.stories)
        paced = [n for number in range(PARTITIONS) for n in self._given(PACED, number)]
        assert aside == len(paced) - len(_decidable(paced)) + self.spoilt, (
            "an input is neither applied nor set aside"
        )

    # --- what the rules are made of --------------------------------------------------------------

    def _given(self, topic: str, number: int) -> list[int]:
        return self.given.get((topic, number), [])

    def _give(self, topic: str, number: int, count: int) -> None:
        values = list(range(self.next_number, self.next_number + count))
        self.next_number += count
        if topic == ORDERS:
            values = _decidable(values)  # an order that cannot be followed stops the process
        self.given.setdefault((topic, number), []).extend(values)
        self.broker.append((topic, number), numbers(*values))

    def _start(self, index: int) -> None:
        place = Place(
            LOG, PARTITIONS, f"tally-{index}", index, SLOTS, snapshot_every=SNAPSHOT_EVERY
        )
        reader = InMemoryLogReader(self.broker, limit=self.limit)
        self.slots[index] = TallySlot(place, reader, self.ids, FAILING)

    @contextmanager
    def _asleep(self, indices: Iterable[int]) -> Iterator[None]:
        sleepers = [self.slots[index] for index in indices]
        for one in sleepers:
            one.paused = True
        yield
        for one in sleepers:
            one.paused = False

    def _start_the_dead(self) -> None:
        for index in range(SLOTS):
            if index not in self.slots:
                self._start(index)

    def _turn(self, index: int) -> None:
        each = self.slots.get(index)
        if each is None or each.paused:
            return
        try:
            each.decider.turn()
        except (LogGapError, ReaderTooOldError):
            raise
        except PromiseBrokenError as error:
            if "acknowledged" not in str(error) and "not read back within" not in str(error):
                raise
            self._kill(index)

    def _kill(self, index: int) -> None:
        each = self.slots.pop(index, None)
        if each is not None and each.writer.waiting:
            self.late.append(each.writer)

    def _round(self) -> None:
        self.clock.advance(ROUND_MS)
        self._start_the_dead()
        for index in range(SLOTS):
            self._turn(index)
        self.an_independent_reader_finds_one_story()

    def _settled(self) -> bool:
        return not self._unsettled()

    def _unsettled(self) -> list[str]:
        return [
            problem
            for story in self.stories
            for problem in story.unsettled(self.slots, self.broker, (PACED, ORDERS))
        ]


def _decidable(values: list[int]) -> list[int]:
    return [value for value in values if value % FAILS_EVERY]


OwnersOfOneLog.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=timedelta(seconds=20),
    phases=[phase for phase in Phase if SHRINK or phase not in (Phase.shrink, Phase.explain)],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestOwnersOfOneLog = OwnersOfOneLog.TestCase

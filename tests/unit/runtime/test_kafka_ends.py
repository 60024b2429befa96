from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import OffsetSpec

from services.runtime.kafka_ends import ENDS_EVERY_MS, ENDS_WITHIN_MS, LEADERS_EVERY_MS, KafkaEnds
from services.runtime.log_port import End
from tests.fakes.log import FakeClock

ANN, BEN = 1, 2
A0, A1, B0 = ("a", 0), ("a", 1), ("b", 0)
NO_ANSWER = -1001


@dataclass
class Node:
    id: int


@dataclass
class Info:
    id: int
    leader: Node | None
    offset: int = 0


@dataclass
class Described:
    partitions: list[Info]


@dataclass
class AskingAdmin:
    """Answers a question once every leader asked is there, all of it together."""

    leaders: dict[tuple[str, int], int | None]
    away: set[int] = field(default_factory=set)
    end: int = 7
    asked: list[list[tuple[str, int]]] = field(default_factory=list)
    open: list[Mapping[TopicPartition, Future[Any]]] = field(default_factory=list)
    described: int = 0

    def list_offsets(
        self, topic_partition_offsets: dict[TopicPartition, OffsetSpec], **kwargs: Any
    ) -> Mapping[TopicPartition, Future[Any]]:
        del kwargs
        question: dict[TopicPartition, Future[Any]] = {
            tp: Future() for tp in topic_partition_offsets
        }
        self.asked.append([(tp.topic, tp.partition) for tp in question])
        self.open.append(question)
        self.serve()
        return question

    def serve(self) -> None:
        for question in self.open.copy():
            leaders = {self.leaders.get((tp.topic, tp.partition)) for tp in question}
            if not leaders & {None, *self.away}:
                self.settle(question, self.end)

    def settle(self, question: Mapping[TopicPartition, Future[Any]], offset: int) -> None:
        self.open.remove(question)
        for tp, answer in question.items():
            answer.set_result(Info(tp.partition, None, offset))

    def describe_topics(self, topics: TopicCollection, **kwargs: Any) -> Mapping[str, Future[Any]]:
        del kwargs
        self.described += 1
        answers = {name: Future[Any]() for name in topics.topic_names}
        for name, answer in answers.items():
            infos = [
                Info(number, None if leader is None else Node(leader))
                for (topic, number), leader in self.leaders.items()
                if topic == name
            ]
            if infos:
                answer.set_result(Described(infos))
            else:
                answer.set_exception(KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)))
        return answers


class Watched:
    """Ends of three partitions of two leaders."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.admin = AskingAdmin({A0: ANN, A1: BEN, B0: ANN})
        self.ends = KafkaEnds(self.admin, self.clock)
        self.ends.watch([A0, A1, B0])
        self.look(ENDS_EVERY_MS)

    def look(self, for_ms: int = 0) -> None:
        for _ in range(0, for_ms, 10):
            self.clock.advance(10)
            self.ends.look()
        self.ends.look()

    def ask_in_vain(self) -> int:
        """Let a leader go away, and give when it was asked first after that."""
        self.admin.away = {BEN}
        while not self.admin.open:
            self.look(10)
        return self.clock.monotonic_ms()

    def ages_ms(self) -> dict[tuple[str, int], int]:
        now = self.clock.monotonic_ms()
        return {tp: now - end.asked_at_ms for tp, end in self.ends.known.items()}


def test_each_leader_is_asked_for_all_it_leads_and_for_nothing_else() -> None:
    watched = Watched()
    watched.admin.asked.clear()
    watched.look(ENDS_EVERY_MS)
    assert sorted(watched.admin.asked) == [[A0, B0], [A1]]
    assert watched.ends.known[A1].offset == 7


def test_a_leader_is_asked_four_times_a_second_and_no_oftener() -> None:
    watched = Watched()
    watched.admin.asked.clear()
    watched.look(1_000)
    assert watched.admin.asked.count([A1]) == watched.admin.asked.count([A0, B0]) == 4


def test_a_leader_that_is_away_makes_no_end_of_another_look_old() -> None:
    watched = Watched()
    watched.admin.away = {BEN}
    watched.look(4_000)
    ages_ms = watched.ages_ms()
    assert ages_ms[A0] <= ENDS_EVERY_MS
    assert ages_ms[B0] <= ENDS_EVERY_MS
    assert ages_ms[A1] >= 4_000


def test_an_end_counts_from_the_question_however_late_the_answer_comes() -> None:
    watched = Watched()
    asked_at_ms = watched.ask_in_vain()
    watched.look(ENDS_WITHIN_MS - 10)
    watched.admin.away = set()
    watched.admin.serve()
    watched.look()
    answered_at_ms = watched.clock.monotonic_ms()
    assert watched.ends.known[A1] == End(7, asked_at_ms, answered_at_ms)


def test_the_first_answer_counts_though_the_leader_was_asked_again_meanwhile() -> None:
    watched = Watched()
    watched.ask_in_vain()
    watched.look(ENDS_WITHIN_MS)
    first, second = watched.admin.open
    watched.admin.settle(first, 8)
    watched.look()
    assert watched.ends.known[A1].offset == 8
    watched.admin.settle(second, 9)
    watched.look()
    assert watched.ends.known[A1].offset == 9


def test_the_answer_to_an_older_question_changes_nothing_after_that_to_a_newer() -> None:
    watched = Watched()
    watched.ask_in_vain()
    watched.look(ENDS_WITHIN_MS)
    first, second = watched.admin.open
    watched.admin.settle(second, 9)
    watched.look()
    known = watched.ends.known[A1]
    watched.admin.settle(first, 8)
    watched.look()
    assert watched.ends.known[A1] == known


def test_a_question_that_timed_out_is_no_answer_though_the_client_gives_one() -> None:
    watched = Watched()
    watched.ask_in_vain()
    known = watched.ends.known[A1]
    (question,) = watched.admin.open
    watched.admin.settle(question, NO_ANSWER)
    watched.look()
    assert watched.ends.known[A1] == known


def test_a_partition_whose_leader_moved_shares_the_fate_of_its_new_one() -> None:
    watched = Watched()
    watched.admin.leaders[B0] = BEN
    watched.look(LEADERS_EVERY_MS)
    watched.admin.away = {ANN}
    watched.look(1_000)
    assert watched.ages_ms()[B0] <= ENDS_EVERY_MS


def test_a_partition_without_a_leader_holds_up_none_that_has_one() -> None:
    watched = Watched()
    watched.admin.leaders[A1] = None
    watched.look(LEADERS_EVERY_MS + 1_000)
    ages_ms = watched.ages_ms()
    assert max(ages_ms[A0], ages_ms[B0]) <= ENDS_EVERY_MS < ages_ms[A1]


def test_a_topic_that_is_not_there_holds_up_none_that_is() -> None:
    watched = Watched()
    watched.ends.watch([A0, A1, B0, ("never", 0)])
    watched.look(1_000)
    assert max(watched.ages_ms().values()) <= ENDS_EVERY_MS


def test_leaders_are_looked_up_every_five_seconds_and_at_once_for_a_new_partition() -> None:
    watched = Watched()
    before = watched.admin.described
    watched.look(2 * LEADERS_EVERY_MS)
    assert watched.admin.described == before + 2
    watched.admin.leaders["new", 0] = BEN
    watched.ends.watch([A0, ("new", 0)])
    watched.look()
    assert watched.admin.described == before + 3


def test_an_end_that_nobody_watches_is_forgotten() -> None:
    watched = Watched()
    watched.ends.watch([A0])
    assert set(watched.ends.known) == {A0}
    watched.look(ENDS_EVERY_MS)
    assert set(watched.ends.known) == {A0}

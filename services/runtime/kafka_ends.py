"""Where the partitions of a real broker end, asked for in the background, each leader apart.

One question to the admin client is answered for all its partitions together, when the slowest
leader has answered: asked in one, a single leader that is away would make every end look old.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from confluent_kafka import TopicCollection, TopicPartition
from confluent_kafka.admin import OffsetSpec

from services.runtime.clock import Clock
from services.runtime.log_port import End
from services.runtime.log_port import TopicPartition as Tp

ENDS_EVERY_MS = 250
ENDS_WITHIN_MS = 750
"""After this a leader is asked once more; its answer to the first question still counts."""
LEADERS_EVERY_MS = 5_000
_DEADLINE_S = 2.0
_NOBODY = -1
"""Stands for the leader of partitions that have none or whose leader is not known."""


class Admin(Protocol):
    """What is needed of `confluent_kafka.admin.AdminClient`; neither method waits."""

    def list_offsets(
        self, topic_partition_offsets: dict[TopicPartition, OffsetSpec], **kwargs: Any
    ) -> Mapping[TopicPartition, Future[Any]]:
        """Ask for offsets."""

    def describe_topics(self, topics: TopicCollection, **kwargs: Any) -> Mapping[str, Future[Any]]:
        """Ask for the leaders of the partitions of topics."""


@dataclass(frozen=True, slots=True)
class _Question:
    leader: int
    asked_at_ms: int
    answers: Mapping[TopicPartition, Future[Any]]


class KafkaEnds:
    """Keeps the newest known end of each partition; `look` moves it on and never waits."""

    def __init__(self, admin: Admin, clock: Clock) -> None:
        """Ask nothing yet.

        Args:
            admin: Answers in threads of its own.
            clock: Monotonic clock for the age of ends.
        """
        self.known: dict[Tp, End] = {}
        self._admin = admin
        self._clock = clock
        self._tps: set[Tp] = set()
        self._leaders: dict[Tp, int] = {}
        self._groups: dict[int, list[Tp]] = {}
        self._asked_at_ms: dict[int, int] = {}
        self._questions: list[_Question] = []
        self._describing: Mapping[str, Future[Any]] = {}
        self._described_at_ms = -LEADERS_EVERY_MS

    def watch(self, tps: Collection[Tp]) -> None:
        """Keep the ends of exactly these partitions from now on."""
        self._tps = set(tps)
        if self._tps - self._leaders.keys():
            self._described_at_ms = -LEADERS_EVERY_MS
        for tp in self.known.keys() - self._tps:
            del self.known[tp]
        self._group()

    def look(self) -> None:
        """Take the answers that are there, and ask whoever was not asked lately."""
        now = self._clock.monotonic_ms()
        if self._questions:
            self._take_answers(now)
        self._look_for_leaders(now)
        for leader, tps in self._groups.items():
            patience_ms = ENDS_WITHIN_MS if self._is_asked(leader) else ENDS_EVERY_MS
            if now - self._asked_at_ms.get(leader, -patience_ms) >= patience_ms:
                self._ask(leader, tps, now)

    def _is_asked(self, leader: int) -> bool:
        return any(question.leader == leader for question in self._questions)

    def _ask(self, leader: int, tps: Iterable[Tp], now: int) -> None:
        self._asked_at_ms[leader] = now
        answers = self._admin.list_offsets(
            {TopicPartition(*tp): OffsetSpec.latest() for tp in tps}, request_timeout=_DEADLINE_S
        )
        self._questions.append(_Question(leader, now, answers))

    def _take_answers(self, now: int) -> None:
        open_still = []
        for question in self._questions:
            if all(answer.done() for answer in question.answers.values()):
                self._note(question, now)
            else:
                open_still.append(question)
        self._questions = open_still

    def _note(self, question: _Question, now: int) -> None:
        for tp, answer in question.answers.items():
            key = (tp.topic, tp.partition)
            if answer.exception() is not None or key not in self._tps:
                continue
            offset = answer.result().offset
            if offset < 0:
                continue  # so the client tells that the leader did not answer: not by an error
            known = self.known.get(key)
            if known is None or known.asked_at_ms <= question.asked_at_ms:
                self.known[key] = End(offset, question.asked_at_ms, now)

    def _look_for_leaders(self, now: int) -> None:
        """Learn which partitions share a leader; until then what is known of it is kept."""
        if self._describing:
            if not all(answer.done() for answer in self._describing.values()):
                return
            self._note_leaders()
        if self._tps and now - self._described_at_ms >= LEADERS_EVERY_MS:
            self._described_at_ms = now
            self._describing = self._admin.describe_topics(
                TopicCollection(sorted({topic for topic, _ in self._tps})),
                request_timeout=_DEADLINE_S,
            )

    def _note_leaders(self) -> None:
        for topic, answer in self._describing.items():
            if answer.exception() is None:
                for each in answer.result().partitions:
                    self._leaders[topic, each.id] = each.leader.id if each.leader else _NOBODY
        self._describing = {}
        self._group()

    def _group(self) -> None:
        groups: defaultdict[int, list[Tp]] = defaultdict(list)
        for tp in sorted(self._tps):
            groups[self._leaders.get(tp, _NOBODY)].append(tp)
        self._groups = dict(groups)

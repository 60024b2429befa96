"""How far the log has been read here, and what "at the end" and "fresh" mean (rule 2.3)."""

from collections.abc import Iterable

from services.runtime.fenced_log.broker_time import BrokerTime
from services.runtime.log_port import Arrived, TopicPartition

AT_END_WITHIN_MS = 1_000
FRESH_WITHIN_MS = 5_000
BEHIND_AFTER_MS = 10_000
"""A door that has not been at the end of everything for this long takes no new streams."""


class Progress:
    """Keeps, per partition, the next offset, broker time, and when its end was last reached."""

    def __init__(self, facts: Iterable[TopicPartition], orders: Iterable[TopicPartition]) -> None:
        """Know nothing yet.

        Args:
            facts: The partitions of facts.
            orders: Partitions whose records forbid calls: map and suppressions.
        """
        self._facts = {partition: (topic, partition) for topic, partition in facts}
        self._orders = tuple(orders)
        self._next = dict.fromkeys(self._facts, 0)
        self._counted_at_ms = dict.fromkeys(self._facts, 0)
        self._time = {partition: BrokerTime() for partition in self._facts}
        self._reached: dict[TopicPartition, int] = {}

    def read(self, record: Arrived, at_ms: int, mono_ms: int, *, new_reign: bool) -> None:
        """Note a record of facts.

        Args:
            record: What was read.
            at_ms: Its writer's broker time.
            mono_ms: Now, monotonic.
            new_reign: Whether it is a fence that counts.
        """
        self._next[record.partition] = record.offset + 1
        if new_reign:
            # Where the broker's clock was stepped back, a new owner goes on from the last word of
            # the one before. What it promises is by that time, though this door read on meanwhile.
            self._time[record.partition] = BrokerTime()
        self._time[record.partition].observe(record.appended_at_ms, at_ms, mono_ms)

    def reached(self, ends: Iterable[tuple[TopicPartition, int]]) -> None:
        """Note ends that were reached: all that was appended before `asked_at_ms` has been read."""
        for tp, asked_at_ms in ends:
            self._reached[tp] = max(asked_at_ms, self._reached.get(tp, asked_at_ms))

    def counted(self, partition: int, at_ms: int) -> None:
        """Note that the record just read counts, and its writer's broker time."""
        self._counted_at_ms[partition] = at_ms

    def facts_read(self) -> Iterable[tuple[int, int, int]]:
        """Return partition, next offset of facts, and time of the last record that counts."""
        return [(each, next_, self._counted_at_ms[each]) for each, next_ in self._next.items()]

    def broker_ms(self, partition: int, mono_ms: int) -> int:
        """Return the broker's time as far as this partition's records tell it."""
        return self._time[partition].at_ms(mono_ms)

    def may_announce(self, partition: int, mono_ms: int) -> bool:
        """Tell whether a partition of facts is at its end, with withdrawals and stops fresh."""
        return self._within(self._facts[partition], AT_END_WITHIN_MS, mono_ms) and all(
            self._within(tp, FRESH_WITHIN_MS, mono_ms) for tp in self._orders
        )

    def behind(self, mono_ms: int) -> str:
        """Return what has not been at its end lately; empty when everything was."""
        everything = (*self._orders, *self._facts.values())
        late = [tp for tp in everything if not self._within(tp, BEHIND_AFTER_MS, mono_ms)]
        return ", ".join(f"{topic}/{partition}" for topic, partition in late)

    def _within(self, tp: TopicPartition, within_ms: int, mono_ms: int) -> bool:
        asked_at_ms = self._reached.get(tp)
        return asked_at_ms is not None and mono_ms - asked_at_ms <= within_ms

"""Watch a fenced log from its end on: who owns each partition, and what is decided there next."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from bench.world import WorldError
from seatline.facts.v1 import facts_pb2
from seatline.rulings.v1 import rulings_pb2
from services.runtime.kafka_log import KafkaLogReader

FACTS = "seatline.facts.v1"
RULINGS = "seatline.rulings.v1"
_ANSWER_WITHIN_S = 10.0
_POLL_S = 0.1
_OWNERS_WITHIN_S = 5.0

Reign = tuple[int, bytes]
"""Epoch and owner."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A record that was appended while somebody watched."""

    partition: int
    appended_at_ms: int
    reign: Reign
    kinds: frozenset[str]
    """What its entries say, by the names of the wire; empty for a heartbeat, fence or claim."""
    entries: Sequence[Any]


class LogWatch:
    """Reads one log from where it ended when the watch began."""

    def __init__(self, bootstrap: str, topic: str, partitions: int) -> None:
        self._partitions = partitions
        self._is_of_facts = topic == FACTS
        self._reader = KafkaLogReader(bootstrap, "bench-watch")
        self._reader.assign(ends(bootstrap, [(topic, n) for n in range(partitions)]))

    def __enter__(self) -> "LogWatch":
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()

    def records(self, within_s: float) -> Iterator[Seen]:
        """Yield what is appended, each partition in its order, until the time is over."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            for arrived in self._reader.poll(_POLL_S):
                yield self._seen(arrived.partition, arrived.appended_at_ms, arrived.value)

    def reigns(self) -> dict[int, Reign]:
        """Return who owns each partition: every owner writes at least once a second.

        Raises:
            WorldError: Some partition is silent.
        """
        found: dict[int, Reign] = {}
        for seen in self.records(_OWNERS_WITHIN_S):
            found[seen.partition] = seen.reign
            if len(found) == self._partitions:
                return found
        raise WorldError(f"{self._partitions - len(found)} partitions have no owner")

    def _seen(self, partition: int, appended_at_ms: int, value: bytes) -> Seen:
        body: Any
        if self._is_of_facts:
            body = facts_pb2.FactRecord.FromString(value)
            entries, oneof = body.facts, "kind"
        else:
            body = rulings_pb2.RulingRecord.FromString(value)
            entries, oneof = body.rulings, "outcome"
        kinds = frozenset(str(entry.WhichOneof(oneof)) for entry in entries)
        reign = (body.header.epoch, body.header.owner)
        return Seen(partition, appended_at_ms, reign, kinds, entries)


def ends(bootstrap: str, tps: Sequence[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """Ask where these partitions end now."""
    return Ends(bootstrap).ask(tps)


class Ends:
    """Asks where partitions end; a second question finds the connection open."""

    def __init__(self, bootstrap: str) -> None:
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})

    def ask(self, tps: Sequence[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Return the offset of the next record of each partition."""
        latest = OffsetSpec.latest()
        asked = self._admin.list_offsets({TopicPartition(*tp): latest for tp in tps})
        return {
            (str(tp.topic), int(tp.partition)): answer.result(_ANSWER_WITHIN_S).offset
            for tp, answer in asked.items()
        }


def decided_again_ms(
    records: Iterator[Seen],
    before: dict[int, Reign],
    kinds: frozenset[str],
    hurt_at_ms: int,
) -> int:
    """Return the milliseconds until the last partition had a decision of a new owner.

    Args:
        records: What is appended from the hurt on, for as long as one waits.
        before: Owner of each partition before; what it still had under way is no decision.
        kinds: Entries that are decisions.
        hurt_at_ms: When the owner was killed, by the broker's clock.

    Raises:
        WorldError: Some partition did not decide again in time.
    """
    again: dict[int, int] = {}
    for seen in records:
        if seen.reign != before[seen.partition] and seen.kinds & kinds:
            again.setdefault(seen.partition, seen.appended_at_ms)
        if len(again) == len(before):
            return max(again.values()) - hurt_at_ms
    raise WorldError(f"{len(before) - len(again)} partitions did not decide again")


def signed_in_again_ms(records: Iterator[Seen], sessions: int, hurt_at_ms: int) -> int:
    """Return the milliseconds until so many sessions were signed in again.

    Args:
        records: What is appended to the facts from the hurt on, for as long as one waits.
        sessions: How many there are; in a steady load nobody signs in but after a hurt.
        hurt_at_ms: When their gateway was killed, by the broker's clock.

    Raises:
        WorldError: Some were not, in time.
    """
    back: set[str] = set()
    for seen in records:
        signed_in = (f.signed_in for f in seen.entries if f.WhichOneof("kind") == "signed_in")
        if seen.appended_at_ms > hurt_at_ms:
            back.update(fact.session_id for fact in signed_in)
        if len(back) >= sessions:
            return seen.appended_at_ms - hurt_at_ms
    raise WorldError(f"{sessions - len(back)} sessions of {sessions} did not come back")

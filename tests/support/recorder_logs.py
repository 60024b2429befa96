"""Write rulings and facts logs for the recorder, as their deciders would."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2
from seatline.rulings.v1 import rulings_pb2
from services.recorder.adapters.kafka_in import FACTS_TOPIC, RULINGS_TOPIC
from services.runtime.fenced_log.header import Fence, FencePoint, Header, Yield, to_proto
from services.runtime.fenced_log.wishes import Request
from services.runtime.log_port import TopicPartition
from tests.support.recorder_entries import (
    NOON_MS,
    amended,
    confirmed,
    dialled,
    ended,
    expired,
    held,
    offered,
    queued,
    refused,
    returned,
    routed,
    seen,
)

Entry = rulings_pb2.Ruling | facts_pb2.Fact


def when(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)


@dataclass
class LogWriter:
    """Writes one partition under one owner after the other."""

    tp: TopicPartition
    now_ms: int = NOON_MS
    epoch: int = 0
    owner: bytes = b""
    seq: int = 0
    values: list[bytes] = field(default_factory=list)

    def fence(self, epoch: int | None = None, version: int = 1) -> "LogWriter":
        self.epoch = self.epoch + 1 if epoch is None else epoch
        self.owner = self.epoch.to_bytes(16)
        self.seq = 0
        return self._append(Header(self._point(), self.now_ms, (), Fence("slot-0", version)), ())

    def write(self, *entries: Entry, after_ms: int = 100) -> "LogWriter":
        self.seq += 1
        self.now_ms += after_ms
        return self._append(Header(self._point(), self.now_ms), entries)

    def stray(self, epoch: int, seq: int, *entries: Entry) -> "LogWriter":
        """Append a record of somebody who does not own the partition."""
        point = FencePoint(epoch, b"stray".ljust(16), seq)
        return self._append(Header(point, self.now_ms), entries)

    def ask(self, request: Request) -> "LogWriter":
        """Append a wish, as anybody may."""
        return self._append(Header(FencePoint(0, b"asks".ljust(16), 0), 0, (), request), ())

    def give_up(self, to_slot: str = "") -> "LogWriter":
        """End the reign, by its owner's will."""
        self.seq += 1
        return self._append(Header(self._point(), self.now_ms, (), Yield(to_slot)), ())

    def _point(self) -> FencePoint:
        return FencePoint(self.epoch, self.owner, self.seq)

    def _append(self, header: Header, entries: Iterable[Entry]) -> "LogWriter":
        rulings = [e for e in entries if isinstance(e, rulings_pb2.Ruling)]
        facts = [e for e in entries if isinstance(e, facts_pb2.Fact)]
        record = (
            rulings_pb2.RulingRecord(header=to_proto(header), rulings=rulings)
            if self.tp[0] == RULINGS_TOPIC
            else facts_pb2.FactRecord(header=to_proto(header), facts=facts)
        )
        self.values.append(record.SerializeToString())
        return self


def rulings_log(partition: int = 0) -> LogWriter:
    return LogWriter((RULINGS_TOPIC, partition)).fence()


def facts_log(partition: int = 0) -> LogWriter:
    return LogWriter((FACTS_TOPIC, partition)).fence()


def lives(seed: int, contacts: int, partitions: int = 1) -> list[LogWriter]:
    """Write whole logs in which contacts are held, refused, called, amended and returned."""
    chance = random.Random(seed)
    rulings = [rulings_log(p) for p in range(partitions)]
    facts = [facts_log(p) for p in range(partitions)]
    waiting = [(n, _life(f"c-{seed}-{n}", n, chance)) for n in range(contacts)]
    while waiting:
        number, life = chance.choice(waiting[:20])
        entry = life.pop(0)
        logs = rulings if isinstance(entry, rulings_pb2.Ruling) else facts
        log = logs[number % partitions]
        if chance.random() < 0.02:
            log.fence()
            log.stray(log.epoch - 1, 10_000, entry)
        log.write(entry, *([seen()] if logs is facts and chance.random() < 0.1 else []))
        if not life:
            waiting.remove((number, life))
    return [*rulings, *facts]


def _life(contact_id: str, number: int, chance: random.Random) -> list[Entry]:
    duplicate = refused(contact_id, 1, rulings_pb2.REFUSED_REASON_DUPLICATE)
    call: list[Entry] = [
        queued(contact_id),
        offered(contact_id),
        expired(contact_id),
        offered(contact_id, number=2),
        confirmed(contact_id, number=2, session=f"s-{number}"),
        dialled(contact_id, number=2),
    ]
    ends: Sequence[list[Entry]] = (
        [*call, ended(contact_id, number=2, session=f"s-{number}")],
        [
            *call,
            ended(contact_id, number=2, session=f"s-{number}", not_before_ms=NOON_MS + 9_000_000),
            amended(commands_pb2.DISPOSITION_BUSY, contact_id, 1, 2, f"s-{number}"),
        ],
        [*call[:4], returned(contact_id), routed(contact_id, 2), queued(contact_id, 2)],
        call,
    )
    first: Sequence[list[Entry]] = (
        [routed(contact_id), *chance.choice(ends)],
        [routed(contact_id), duplicate, *chance.choice(ends)],
        [held(contact_id, until_ms=NOON_MS + 3_600_000)],
        [refused(contact_id)],
    )
    return list(chance.choices(first, weights=(6, 1, 1, 1))[0])

"""Logs that begin anew: are they empty, and what has to stand in them first."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import cast

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from google.protobuf.message import DecodeError

from seatline.contacts.v1 import contacts_pb2
from seatline.facts.v1 import facts_pb2
from seatline.map.v1 import map_pb2
from seatline.rulings.v1 import rulings_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.cli.adapters.log_book import LogBook
from services.cli.adapters.map_log import KafkaMapLog
from services.cli.adapters.order_codec import scope_of, stop_key, stop_record
from services.cli.adapters.topics import (
    CONTACTS,
    FACTS,
    MAP,
    RULINGS,
    SUPPRESSIONS,
)
from services.cli.domain.policy import Policy
from services.cli.domain.seat_map import SeatMap
from services.cli.errors import StackAwayError
from services.cli.ports.maps import InUse
from services.cli.ports.recovery import Release
from services.cli.ports.signature import Signature
from services.runtime.errors import TransientError
from services.runtime.kafka_log import KafkaLogWriter
from services.runtime.log_port import SendError, Sent
from services.runtime.packing import packed
from services.runtime.partitioning import partition_of

ASK_S = 2.0
LOOKED_AT_MAX = 100_000
"""Records of a fenced log that are looked at: owners without work write one a second."""
ENTRIES_MAX = 500
RECORD_BYTES_MAX = 256_000
SETTLED_WITHIN_S = 30.0
_BODIES = {RULINGS: rulings_pb2.RulingRecord, FACTS: facts_pb2.FactRecord}

Record = tuple[tuple[str, int], bytes | None, bytes]
"""Where it goes, its key, its value."""


class KafkaNewLogs:
    """See `NewLogs`."""

    def __init__(self, bootstrap: str, book: LogBook) -> None:
        self._bootstrap = bootstrap
        self._book = book
        self._maps = KafkaMapLog(book, {})

    def topic_ids(self) -> Mapping[str, str]:
        """Return the ids of the fenced logs; see `NewLogs.topic_ids`."""
        admin = AdminClient({"bootstrap.servers": self._bootstrap, "log_level": 0})
        asked = admin.describe_topics(TopicCollection([RULINGS, FACTS]), request_timeout=ASK_S)
        try:
            return {topic: str(future.result().topic_id) for topic, future in asked.items()}
        except KafkaException as error:
            raise StackAwayError("Kafka does not answer, or has no topics") from error

    def partition_count(self) -> int:
        """Return the partitions of contacts; see `NewLogs.partition_count`."""
        return len(self._book.bounds(CONTACTS))

    def in_the_way(self) -> list[str]:
        """Say what is there already; see `NewLogs.in_the_way`.

        A stack that was started on empty logs has written fences and heartbeats: they say nothing.
        """
        found = []
        for topic, body in _BODIES.items():
            records = self._book.read(topic, self._book.bounds(topic))
            for arrived in islice(records, LOOKED_AT_MAX):
                if _entries(body, arrived.value):
                    place = f"{topic}/{arrived.partition}@{arrived.offset}"
                    found.append(f"{place}: something was decided since the logs began anew")
                    break
        sent = [n for n, bounds in self._book.bounds(CONTACTS).items() if bounds.start < bounds.end]
        if sent:
            found.append(f"{CONTACTS}/{sent[0]}: contacts were sent since the logs began anew")
        return found

    def in_use(self) -> InUse:
        """Read the newest map and policy; see `NewLogs.in_use`."""
        return self._maps.in_use()

    def withdraw(self, withdrawals: Sequence[tuple[str, bytes, str]], signature: Signature) -> None:
        """Append withdrawals; see `NewLogs.withdraw`."""
        self._append(_withdrawal(*each, signature) for each in withdrawals)

    def stop(self, stops: Sequence[tuple[int, str]], signature: Signature) -> None:
        """Append stops; see `NewLogs.stop`."""
        self._append(_stop(scope, name, signature) for scope, name in stops)

    def mark(self, releases: Sequence[tuple[str, int]]) -> None:
        """Append marks; see `NewLogs.mark`."""
        self._append_contacts(
            contacts_pb2.Contact(contact_id=contact_id, release=release, recorded=True)
            for contact_id, release in releases
        )

    def publish_policy(self, version: int, policy: Policy, signature: Signature) -> None:
        """Append a policy; see `NewLogs.publish_policy`."""
        self._maps.publish_policy(version, policy, signature)

    def publish_map(self, version: int, seat_map: SeatMap, signature: Signature) -> None:
        """Append a map; see `NewLogs.publish_map`."""
        self._maps.publish_map(version, seat_map, signature)

    def send(self, releases: Sequence[Release]) -> None:
        """Append releases; see `NewLogs.send`."""
        self._append_contacts(map(_contact, releases))

    def _append_contacts(self, contacts: Iterable[contacts_pb2.Contact]) -> None:
        partitions = self.partition_count()
        by_partition: defaultdict[int, list[contacts_pb2.Contact]] = defaultdict(list)
        for contact in contacts:
            number = partition_of(contact.contact_id.encode(), partitions)
            by_partition[number].append(contact)
        self._append(
            ((CONTACTS, number), None, value)
            for number, together in by_partition.items()
            for value in _records(together)
        )

    def _append(self, records: Iterable[Record]) -> None:
        writer = KafkaLogWriter(self._bootstrap, "seatline-recover")
        failures: list[str] = []

        def note(settled: Sent | SendError) -> None:
            if isinstance(settled, SendError):
                failures.append(settled.reason)

        try:
            for record in records:
                _send(writer, record, note)
            unsettled = writer.flush(SETTLED_WITHIN_S)
        except TransientError as error:
            raise StackAwayError(
                f"Kafka takes no records ({error}); the same command goes on"
            ) from error
        if failures or unsettled:
            reason = failures[0] if failures else "no answer"
            raise StackAwayError(
                f"Kafka did not acknowledge everything ({reason}); the same command goes on"
            )


def _send(writer: KafkaLogWriter, record: Record, note: Callable[[Sent | SendError], None]) -> None:
    """Send, and wait once for room if there is none."""
    tp, key, value = record
    try:
        writer.send(tp, value, note, key)
    except TransientError:
        writer.flush(SETTLED_WITHIN_S)
        writer.send(tp, value, note, key)


def _entries(body: type[rulings_pb2.RulingRecord | facts_pb2.FactRecord], value: bytes) -> int:
    try:
        record = body.FromString(value)
    except DecodeError:
        return 1
    return len(record.facts if isinstance(record, facts_pb2.FactRecord) else record.rulings)


def _records(contacts: Sequence[contacts_pb2.Contact]) -> Iterator[bytes]:
    """Yield records of at most 500 entries and 256 kB, in order."""
    for start in range(0, len(contacts), ENTRIES_MAX):
        part = contacts[start : start + ENTRIES_MAX]
        # Records of one entry, joined, are one record of all of them.
        yield from packed(
            (contacts_pb2.ContactRecord(contacts=[each]).SerializeToString() for each in part),
            RECORD_BYTES_MAX,
        )


def _withdrawal(kind: str, person_key: bytes, contact_id: str, signature: Signature) -> Record:
    order = suppressions_pb2.Withdrawal(
        person_key=person_key,
        contact_id=contact_id,
        kind=suppressions_pb2.WithdrawalKind.Value(f"WITHDRAWAL_KIND_{kind.upper()}"),
        by=signature.by,
        why=signature.why,
    )
    return (SUPPRESSIONS, 0), person_key or contact_id.encode(), order.SerializeToString()


def _stop(scope: int, name: str, signature: Signature) -> Record:
    stop = map_pb2.Stop(scope=cast("map_pb2.StopScope.ValueType", scope), id=name)
    covered = scope_of(stop)
    return (MAP, 0), stop_key(covered), stop_record(covered, signature, resume=False)


def _contact(release: Release) -> contacts_pb2.Contact:
    contact = contacts_pb2.Contact(
        contact_id=release.contact_id,
        release=release.release,
        person_key=release.person_key,
        seat_id=release.seat_id,
        segment_id=release.segment_id,
        language=release.language,
        campaign=release.campaign,
        priority=release.priority,
        sealed=release.sealed,
    )
    contact.valid_until.FromDatetime(release.valid_until)
    if release.due_at is not None:
        contact.due_at.FromDatetime(release.due_at)
    return contact

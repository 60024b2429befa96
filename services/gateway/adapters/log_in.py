"""Read facts, map and suppressions: judge each record, then hand on what concerns a desk here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import DecodeError

from seatline.facts.v1 import facts_pb2 as facts
from seatline.facts.v1 import session_pb2 as facts_session
from seatline.log.v1 import log_pb2
from services.gateway.adapters import news
from services.gateway.adapters.metrics import Metrics
from services.gateway.adapters.streams import Streams
from services.gateway.domain.bindings import Binding
from services.gateway.domain.progress import Progress
from services.gateway.domain.unsealing import Voided
from services.gateway.domain.values import Attempt, Confirmed, Nonce, SessionId
from services.gateway.handlers import Sessions, Unsealer
from services.runtime.clock import Clock
from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.header import Fence, FencePoint, Header, brief
from services.runtime.fenced_log.reader import FencedReader
from services.runtime.log_port import Arrived, TopicPartition

# Each gets a record's value; the topics other than facts hold operators' orders.
OrderReader = Callable[[bytes], None]


def header_of(value: bytes) -> Header:
    """Return the header of a record of facts.

    Raises:
        PromiseBrokenError: It cannot be read.
    """
    try:
        return brief(log_pb2.Envelope.FromString(value).header)
    except DecodeError:
        raise PromiseBrokenError(
            "a record of facts has no header: upgrade this reader, or find its writer"
        ) from None


@dataclass
class LogIn:
    """Acts on what the log says, in its order; belongs to the loop."""

    facts_topic: str
    orders: dict[str, OrderReader]
    """What to do with a record of the map and of suppressions, by topic."""
    sessions: Sessions
    unsealer: Unsealer
    streams: Streams
    progress: Progress
    metrics: Metrics
    clock: Clock
    points: Mapping[int, FencePoint]
    """By partition of facts, what stood before the first record read, where that is not the first
    of all."""
    _readers: dict[int, FencedReader] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        # `Any`: the table's key says which fact it is.
        self._effects: dict[str, Callable[[int, Binding, Any], None]] = {
            "confirmed": self._confirmed,
            "ended": self._ended,
            "signed_out": self._over,
            "session_gone": self._over,
            "command_refused": self._refused,
        }
        self._about_streams: dict[str, Callable[[int, Any, int], None]] = {
            "signed_in": self._signed_in,
            "stream_ended": self._stream_ended,
            "presence_list_asked": self._presence_list_asked,
        }

    def take(self, arrived: Sequence[Arrived], ends: Iterable[tuple[TopicPartition, int]]) -> None:
        """Act on a batch, then on what it means for numbers that wait to be shown.

        Args:
            arrived: Records in the order in which they were read.
            ends: Partitions whose end was reached with this batch, and when it was asked for.

        Raises:
            PromiseBrokenError: A record cannot be read, or a fenced log has a gap.
        """
        for record in arrived:
            self._take(record)
        self.progress.reached(ends)
        self.unsealer.advance()

    def _take(self, record: Arrived) -> None:
        try:
            if record.topic == self.facts_topic:
                self._take_facts(record)
            elif record.value:  # an empty value is a tombstone: nothing is lifted by it
                self.orders[record.topic](record.value)
                self.unsealer.prohibited()
        except (DecodeError, UnknownEntryError) as error:
            raise PromiseBrokenError(
                f"{record.topic}/{record.partition}: the record at offset {record.offset} cannot "
                f"be read ({type(error).__name__}): upgrade this reader, or find its writer"
            ) from None

    def _take_facts(self, record: Arrived) -> None:
        partition = record.partition
        # Nothing concerns a gateway that nobody has sat down at or heard of, and so the whole past
        # when it starts: of that the header is enough.
        concerned = self.sessions.told or bool(self.sessions.bindings)
        body: Any = (facts.FactRecord if concerned else log_pb2.Envelope).FromString(record.value)
        reader = self._readers.get(partition)
        if reader is None:
            name = f"{record.topic}/{partition}"
            reader = FencedReader(name, self.points.get(partition))
            self._readers[partition] = reader
        header = brief(body.header)
        counts = reader.accept(header).counts
        new_reign = counts and isinstance(header.control, Fence)
        mono_ms = self.clock.monotonic_ms()
        self.progress.read(record, header.at_ms, mono_ms, new_reign=new_reign)
        if counts:
            self.progress.counted(partition, header.at_ms)
        if not (counts and concerned):
            return
        self.metrics.fact_age.observe(max(0, self.clock.wall_ms() - record.appended_at_ms) / 1000)
        for fact in body.facts:
            self._take_fact(partition, fact, record.appended_at_ms)

    def _take_fact(self, partition: int, fact: facts.Fact, at_ms: int) -> None:
        kind = fact.WhichOneof("kind")
        if kind is None:
            raise UnknownEntryError
        about_streams = self._about_streams.get(kind)
        if about_streams is not None:
            about_streams(partition, getattr(fact, kind), at_ms)
            return
        translate = news.NEWS.get(kind)
        if translate is None:
            return
        body = getattr(fact, kind)
        binding = self._named(body)
        if binding is None:
            return
        event = translate(body)
        if event is not None:
            self.streams.tell(binding.stream_id, event)
        effect = self._effects.get(kind)
        if effect is not None:
            effect(partition, binding, body)

    def _named(self, body: Any) -> Binding | None:
        # A refusal names no nonce when the dispatcher does not know the session.
        unnamed = isinstance(body, facts_session.CommandRefused) and not body.nonce
        if unnamed and body.boot_id == self.sessions.boot_id:
            return self.sessions.bindings.of_session(SessionId(body.session_id))
        return self.sessions.bindings.of_nonce(body.nonce)

    def _signed_in(self, partition: int, fact: facts_session.SignedIn, at_ms: int) -> None:
        binding = self.sessions.signed_in(
            fact.session_id,
            fact.nonce,
            fact.generation,
            boot_id=fact.boot_id,
            partition=partition,
            at_ms=at_ms,
        )
        if binding is not None:
            for event in news.signed_in(fact):
                self.streams.tell(binding.stream_id, event)

    def _stream_ended(self, _: int, fact: facts_session.StreamEnded, __: int) -> None:
        for nonce in fact.nonces:
            binding = self.sessions.bindings.of_nonce(nonce)
            if binding is not None:
                self.sessions.given_up(binding)

    def _presence_list_asked(
        self, partition: int, fact: facts_session.PresenceListAsked, _: int
    ) -> None:
        if fact.boot_id == self.sessions.boot_id:
            self.sessions.presence_asked(partition, fact.number)

    def _confirmed(self, partition: int, binding: Binding, fact: facts.Confirmed) -> None:
        self.unsealer.confirmed(binding, _permission(partition, fact))

    def _ended(self, _: int, binding: Binding, fact: facts.Ended) -> None:
        if binding.confirmed == _attempt(fact.attempt):
            self.unsealer.void(binding, Voided.ATTEMPT_OVER)

    def _over(self, _: int, binding: Binding, __: Any) -> None:
        self.sessions.over(binding)

    def _refused(self, _: int, binding: Binding, fact: facts_session.CommandRefused) -> None:
        if fact.command == "sign_in" and not binding.is_bound:
            self.sessions.over(binding)


class UnknownEntryError(Exception):
    """A record holds an entry of a kind that this reader does not know (rule 1.9)."""


def _permission(partition: int, fact: facts.Confirmed) -> Confirmed:
    return Confirmed(
        partition=partition,
        attempt=_attempt(fact.attempt),
        session_id=SessionId(fact.session_id),
        generation=fact.generation,
        nonce=Nonce(fact.nonce),
        dial_by_ms=fact.dial_by.seconds * 1000 + fact.dial_by.nanos // 1_000_000,
        sealed=fact.sealed,
        person_key=fact.person_key,
        seat_id=fact.seat_id,
        centre_id=fact.centre_id,
        campaign=fact.campaign,
    )


def _attempt(wire: Any) -> Attempt:
    return Attempt(wire.contact_id, wire.release, wire.attempt)

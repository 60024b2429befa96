"""Stops and resumes in the map log, and the dispatchers' word on them in the facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from seatline.facts.v1 import facts_pb2
from services.cli.adapters.fenced import Bookmark, counting, following
from services.cli.adapters.log_book import LogBook
from services.cli.adapters.order_codec import parsed, scope_of, stop_key, stop_record
from services.cli.adapters.topics import FACTS, MAP
from services.cli.domain.scope import Scope
from services.cli.ports.orders import Settled, Standing, StopOrder
from services.cli.ports.signature import Signature

States = Mapping[tuple[int, Scope], bool]
"""Whether a stop is in force, by partition and scope."""


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of the facts before one looks: where to go on, and what was in force there."""

    bookmarks: Mapping[tuple[str, int], Bookmark]
    stops: States
    is_known: bool = True
    """False: Postgres did not answer, and nothing is known of what was before the bookmarks."""


def past_unknown(book: LogBook) -> Past:
    """Return what is known without Postgres: where the facts end now."""
    ends = {(FACTS, number): Bookmark(bounds.end) for number, bounds in book.bounds(FACTS).items()}
    return Past(ends, {}, is_known=False)


@dataclass(slots=True)
class _Count:
    """Offers that one stop takes back."""

    offers: int = 0
    rescinded: int = 0
    last_ms: int | None = None
    behind: set[int] = field(default_factory=set)
    """Partitions whose stop was read."""

    def read(self, fact: facts_pb2.Fact, partition: int, at_ms: int) -> None:
        if fact.HasField("stop_applied"):
            self.offers += fact.stop_applied.open_offers
            self.behind.add(partition)
        stopped = fact.offer_rescinded.reason == facts_pb2.RESCIND_REASON_STOPPED
        if stopped and partition in self.behind and self.rescinded < self.offers:
            self.rescinded += 1
            self.last_ms = max(at_ms, self.last_ms or 0)


class KafkaStopLog:
    """Orders stops and waits for them."""

    def __init__(self, book: LogBook, past: Past) -> None:
        self._book = book
        self._past = past

    def standing(self) -> Standing:
        """Read what is ordered and the map in use; see `StopLog.standing`."""
        stops: dict[Scope, StopOrder] = {}
        seats: frozenset[str] = frozenset()
        centres: frozenset[str] = frozenset()
        for arrived in self._book.read(MAP, self._book.bounds(MAP)):
            record = parsed(arrived)
            kind = record.WhichOneof("kind")
            if kind == "seat_map":
                seats = frozenset(seat.seat_id for seat in record.seat_map.seats)
                centres = frozenset(centre.centre_id for centre in record.seat_map.centres)
            elif kind in ("stop", "resume"):
                scope = scope_of(getattr(record, kind))
                who = Signature(record.by, record.why)
                stops.pop(scope, None)
                stops[scope] = StopOrder(scope, who, arrived.appended_at_ms, kind == "stop")
        return Standing(stops, seats, centres, len(self._book.bounds(FACTS)))

    def order(self, scope: Scope, signature: Signature, *, resume: bool) -> int:
        """Append a stop or its end; see `StopLog.order`."""
        record = stop_record(scope, signature, resume=resume)
        return self._book.append(MAP, stop_key(scope), record)

    def settled(
        self, scope: Scope, ordered_at_ms: int | None, within_s: float, *, resume: bool
    ) -> Settled:
        """Wait until it is in force everywhere; see `StopLog.settled`."""
        partitions = self._book.bounds(FACTS)
        states = {n: self._before(n, scope, ordered_at_ms) for n in partitions}
        count = _Count()
        facts = following(self._book, FACTS, partitions, self._past.bookmarks, within_s)
        wanted = not resume
        while not (set(states.values()) == {wanted} and count.rescinded >= count.offers):
            judged = next(facts, None)
            if judged is None:
                break
            for fact in judged.facts:
                in_force = _in_force(fact, scope, ordered_at_ms)
                if in_force is not None:
                    states[judged.arrived.partition] = in_force
                if in_force is not None or fact.HasField("offer_rescinded"):
                    count.read(fact, judged.arrived.partition, judged.arrived.appended_at_ms)
        applied = frozenset(n for n, in_force in states.items() if in_force is wanted)
        if ordered_at_ms is None or resume:
            return Settled(applied)
        within_ms = None if count.last_ms is None else count.last_ms - ordered_at_ms
        return Settled(applied, count.offers, count.rescinded, within_ms)

    def _before(self, partition: int, scope: Scope, ordered_at_ms: int | None) -> bool | None:
        """Return whether a stop was in force; None when only a fact of this order can tell.

        What was before a new order proves nothing: a partition may still be behind the one before.
        """
        if ordered_at_ms is not None:
            return None
        unknown = False if self._past.is_known else None
        return self._past.stops.get((partition, scope), unknown)

    def applied(self) -> Mapping[Scope, frozenset[int]]:
        """Return in which partitions each stop is in force; see `StopLog.applied`."""
        states = dict(self._past.stops)
        ends = {number: bounds.end for number, bounds in self._book.bounds(FACTS).items()}
        for judged in counting(self._book, FACTS, ends, self._past.bookmarks):
            for fact in judged.facts:
                note_stop(states, fact, judged.arrived.partition)
        found: dict[Scope, set[int]] = {}
        for (partition, scope), in_force in states.items():
            if in_force:
                found.setdefault(scope, set()).add(partition)
        return {scope: frozenset(partitions) for scope, partitions in found.items()}


def note_stop(states: dict[tuple[int, Scope], bool], fact: facts_pb2.Fact, partition: int) -> None:
    """Note whether a fact begins or ends a stop in its partition."""
    kind = fact.WhichOneof("kind")
    if kind in ("stop_applied", "stop_lifted"):
        states[partition, scope_of(getattr(fact, kind))] = kind == "stop_applied"


def _in_force(fact: facts_pb2.Fact, scope: Scope, ordered_at_ms: int | None) -> bool | None:
    """Return what a fact says of a scope's stop, and of a certain order if one is named."""
    kind = fact.WhichOneof("kind")
    if kind not in ("stop_applied", "stop_lifted"):
        return None
    body = getattr(fact, kind)
    named = ordered_at_ms in (None, body.signature.ordered_at.ToMilliseconds())
    return kind == "stop_applied" if named and scope_of(body) == scope else None

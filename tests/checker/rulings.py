"""The router's half: one final ruling for each arrival, and a queue for each that is routed."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError

from seatline.contacts.v1 import contacts_pb2
from seatline.rulings.v1 import rulings_pb2
from tests.checker.fenced import Accepted, FencedLog, Position
from tests.checker.findings import About, Place, rule
from tests.checker.history import CONTACTS, CannotCheckError, History, Key, Log, milliseconds
from tests.checker.snapshots_of_rulings import Ruled

ARRIVAL_ONLY = frozenset(
    {rulings_pb2.REFUSED_REASON_DUPLICATE, rulings_pb2.REFUSED_REASON_RELEASE_EXPIRED}
)
"""Refusals that touch the arrival, and not the contact's place (rule 3.3)."""


class Routing(NamedTuple):
    """A ruling that sends a contact to a centre."""

    place: Place
    centre_id: str
    allow_until_ms: int
    map_version: int
    policy_version: int

    @property
    def at(self) -> Position:
        """Its place within its partition."""
        return (self.place.offset, self.place.entry)


# --- rules ---------------------------------------------------------------------------------------


@rule("promise 1, 3.2")
def arrival_unruled(arrival: Key) -> str | None:
    """Every contact that the router has read has a ruling: none is lost."""
    return f"{_named(arrival)} was read by the router, and no ruling came of it"


@rule("3.2")
def ruling_without_arrival(ruling: Key) -> str | None:
    """Every ruling answers one arrival that was read with it."""
    return f"{_named(ruling)} was ruled on, and had not arrived"


@rule("promise 2, 3.3")
def ruled_twice(ruling: Key, first: bool) -> str | None:
    """A release is routed or held once; its repeats are refused."""
    return None if first else f"{_named(ruling)} was ruled on before, and again"


@rule("promise 1, 3.3")
def duplicate_of_nothing(ruling: Key, is_known: bool) -> str | None:
    """Only a release that was ruled on before is refused as a duplicate."""
    return None if is_known else f"{_named(ruling)} was refused as a duplicate of nothing"


@rule("3.3")
def expired_release_routed(ruling: Key, valid_until_ms: int, at_ms: int) -> str | None:
    """What is no longer valid when it is ruled on is refused."""
    if at_ms <= valid_until_ms:
        return None
    return f"{_named(ruling)} was ruled on {at_ms - valid_until_ms} ms after its validity"


@rule("promise 1, 1.2")
def routed_unqueued(key: Key, partition: int) -> str | None:
    """Every routed contact that a dispatcher has read is queued there: none is lost."""
    return f"{_named(key)} was read by facts/{partition}, and is not queued there"


@rule("3.2")
def queued_otherwise(key: Key, queued: Any, routing: Routing | None) -> str | None:
    """A queued contact has one ruling to here, of the same centre, time and versions."""
    if routing is None:
        return f"{_named(key)} is queued, and no ruling sent it here"
    said = (
        queued.centre_id,
        milliseconds(queued.allow_until),
        queued.map_version,
        queued.policy_version,
    )
    if said == routing[1:]:
        return None
    return f"{_named(key)} is queued as {said}, and was ruled {tuple(routing[1:])}"


def _named(key: Key) -> str:
    return f"{key[0]} release {key[1]}"


# --- reading -------------------------------------------------------------------------------------


class Arrivals:
    """The entries of one contacts partition, handed out as the router's position moves."""

    def __init__(self, history: History, log: Log) -> None:
        self._entries = _entries(history, log)
        self._next = next(self._entries, None)
        self.first = (history.end(log), 0) if self._next is None else self._next[0]
        """The oldest entry that is kept: of what came before nothing can be said."""

    def until(self, position: Position) -> Iterator[tuple[Position, Key | None]]:
        """Yield what lies below a position and was not handed out; None is an unreadable record."""
        while self._next is not None and self._next[0] < position:
            yield self._next
            self._next = next(self._entries, None)


def _entries(history: History, log: Log) -> Iterator[tuple[Position, Key | None]]:
    for record in history.records(log):
        try:
            contacts = contacts_pb2.ContactRecord.FromString(record.value).contacts
        except DecodeError:
            yield (record.offset, 0), None
            continue
        for index, contact in enumerate(contacts):
            yield (record.offset, index), (contact.contact_id, contact.release)


class RulingsOfPartition:
    """Judges one rulings partition beside its contacts."""

    def __init__(self, reader: FencedLog) -> None:
        self._reader = reader
        self._found = reader.found
        self._log: Log = (CONTACTS, reader.log[1])
        self._arrivals = Arrivals(reader.history, self._log)
        self.ruled: dict[Key, Ruled] = {}
        """Every release that was ruled on."""

    def take(self, accepted: Accepted) -> Iterator[tuple[int, Key, Routing]]:
        """Judge a record; yield what it routes, and to which partition of facts.

        Raises:
            CannotCheckError: A ruling is of a kind that is not known here (rule 1.9).
        """
        if not all(ruling.WhichOneof("outcome") for ruling in accepted.body.rulings):
            raise CannotCheckError(
                f"{accepted.place()}: a ruling of an unknown kind: upgrade the checker"
            )
        self._answer(accepted)
        for index, ruling in enumerate(accepted.body.rulings):
            key = key_of(ruling)
            about = About((accepted.place(index),), *key)
            self._judge(ruling, key, about, accepted.at_ms)
            self._remember(ruling, key, accepted.at_ms)
            if ruling.WhichOneof("outcome") == "routed":
                routed = ruling.routed
                yield (
                    routed.partition,
                    key,
                    Routing(
                        accepted.place(index),
                        routed.centre_id,
                        milliseconds(routed.allow_until),
                        ruling.map_version,
                        ruling.policy_version,
                    ),
                )

    def _answer(self, accepted: Accepted) -> None:
        """Hold a record's rulings against the arrivals that were read with it."""
        now = self._reader.positions.get(self._log, (0, 0))
        given_up = self._reader.set_aside
        arrived = [
            (place, key)
            for place, key in self._arrivals.until(now)
            if (self._log, place) not in given_up
        ]
        unanswered = Counter(key_of(r) for r in accepted.body.rulings if not _is_cut(r))
        if accepted.before.get(self._log, now) < self._arrivals.first:
            return
        cut = sum(map(_is_cut, accepted.body.rulings))
        for place, key in arrived:
            if key is not None and unanswered[key]:
                unanswered[key] -= 1
            elif cut:
                cut -= 1  # what was refused as invalid may not be repeated as it came
            else:
                lost = key or ("", 0)
                about = About((Place(*self._log, *place), accepted.place()), *lost)
                self._found.ask(arrival_unruled, about, lost)
        for key in unanswered.elements():
            about = About((accepted.place(),), *key)
            self._found.ask(ruling_without_arrival, about, key)

    def _judge(self, ruling: Any, key: Key, about: About, at_ms: int) -> None:
        outcome = ruling.WhichOneof("outcome")
        if outcome == "refused":
            if ruling.refused.reason == rulings_pb2.REFUSED_REASON_DUPLICATE:
                self._found.ask(duplicate_of_nothing, about, key, key in self.ruled)
            return
        self._found.ask(ruled_twice, about, key, key not in self.ruled)
        valid_until_ms = milliseconds(ruling.contact.valid_until)
        self._found.ask(expired_release_routed, about, key, valid_until_ms, at_ms)

    def _remember(self, ruling: Any, key: Key, at_ms: int) -> None:
        if ruling.WhichOneof("outcome") == "refused":
            self.ruled.setdefault(key, Ruled(at_ms, None))
        else:
            self.ruled[key] = Ruled(at_ms, milliseconds(ruling.contact.valid_until))


def key_of(ruling: Any) -> Key:
    """Return contact and release of a ruling."""
    return (ruling.contact.contact_id, ruling.contact.release)


def _is_cut(ruling: Any) -> bool:
    if ruling.WhichOneof("outcome") != "refused":
        return False
    return bool(ruling.refused.reason == rulings_pb2.REFUSED_REASON_INVALID_FIELD)


def unqueued(
    routings: Mapping[Key, Routing],
    positions: Mapping[Log, Position],
    set_aside: set[tuple[Log, Position]],
) -> Iterator[tuple[Key, Routing]]:
    """Yield what a dispatcher has read, and neither queued nor given up."""
    for key, routing in routings.items():
        log = (routing.place.log, routing.place.partition)
        is_read = routing.at < positions.get(log, (0, 0))
        if is_read and (log, routing.at) not in set_aside:
            yield key, routing

"""What the commands need of the world."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.cli.domain.dead import Case, Copy, Deed, Letter
from services.cli.domain.orders import Word
from services.cli.domain.places import Accepted, Arrival, Fate, Foreign, Read, Recorded, SetAside
from services.cli.domain.policy import Policy
from services.cli.domain.recovery import Known, Verdict
from services.cli.domain.reigns import InputName, Reign
from services.cli.domain.requeue import Entry, Original, Sending, Standing
from services.cli.domain.scope import Scope
from services.cli.domain.seat_map import SeatMap
from services.cli.domain.story import Told

Vector = Mapping[tuple[str, int], Read]
"""How far each partition of each fenced log is recorded, by topic and partition."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Ends of what enters, asked for after a snapshot was taken."""

    foreign: tuple[Foreign, ...]
    contacts: Mapping[int, int]
    dead: Mapping[int, int]


class AuditLogs(Protocol):
    """The logs, as the audit reads them. Each iteration raises NotDoneError on silence."""

    def decided(self, vector: Vector) -> Iterator[Accepted]:
        """Yield every counting record of rulings and facts below the vector, in log order."""

    def ends(self) -> Ends:
        """Ask for the ends of what enters: intake's first, so that what it did lies below."""

    def dead(self, ends: Ends) -> Iterator[tuple[SetAside, Fate]]:
        """Yield each input of which a dead letter below the ends tells, and what became of it."""

    def arrived(self, ends: Ends) -> Iterator[Arrival]:
        """Yield every entry of the contacts log below its ends."""


class Snapshot(Protocol):
    """Postgres at one moment."""

    async def vector(self) -> Vector:
        """Return the recorder's positions."""

    def rows(self) -> AsyncIterator[Recorded]:
        """Yield where each (contact, release) is recorded, in bounded memory."""

    def conflicts(self) -> AsyncIterator[tuple[str, int]]:
        """Yield contact and release of each recorded conflict."""


class Record(Protocol):
    """What the recorder wrote."""

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Open a view of one moment, read only."""


@dataclass(frozen=True, slots=True)
class InUse:
    """What the map log holds: the newest of each kind, version 0 when there is none."""

    map_version: int
    seat_map: SeatMap | None
    policy_version: int
    policy: Policy | None


@dataclass(frozen=True, slots=True)
class Signature:
    """Who orders something, and why."""

    by: str
    why: str


class MapLog(Protocol):
    """The operators' orders, and the dispatchers' word that they are in force."""

    def partition_count(self) -> int:
        """Return how many partitions of centres the stack has."""

    def in_use(self) -> InUse:
        """Read the newest map and policy."""

    def publish_map(self, version: int, seat_map: SeatMap, signature: Signature) -> None:
        """Append a map; return once it is acknowledged."""

    def publish_policy(self, version: int, policy: Policy, signature: Signature) -> None:
        """Append a policy; return once it is acknowledged."""

    def applied(self, map_version: int, policy_version: int, within_s: float) -> frozenset[int]:
        """Wait until every partition has these versions in force; return those that have."""


class StoryRecord(Protocol):
    """Recorded decisions, for explanations."""

    async def of_contact(self, contact_id: str) -> list[Told]:
        """Return what was decided on a contact, by time."""

    async def of_session(self, session_id: str) -> list[Told]:
        """Return what was decided on a session, by time."""


class StoryLogs(Protocol):
    """What the logs hold beyond the record; may tell again what is recorded."""

    def of_contact(self, contact_id: str) -> Iterator[Told]:
        """Yield arrivals, and what is not recorded yet."""

    def decided_on(self, contact_id: str) -> Iterator[Told]:
        """Yield what is not recorded yet, and no arrivals: those are searched for at length."""

    def of_session(self, session_id: str) -> Iterator[Told]:
        """Yield what is not recorded yet."""


Appended = Callable[[Sequence[tuple[str, int, bytes]]], Sequence[int]]
"""Appends values to topics and partitions, returns their offsets once all are acknowledged."""


class DeadLog(Protocol):
    """The log of dead letters."""

    def news(self) -> Iterator[Letter | Deed]:
        """Yield what was appended since the last call, each partition in its order."""

    def note(self, deeds: Sequence[Deed]) -> Sequence[Deed]:
        """Append deeds; return them with their places once all are acknowledged."""


class Originals(Protocol):
    """The inputs behind dead letters."""

    def find(self, letter: Letter) -> Original | None:
        """Return the input of a letter; None when it is gone from topic and letter."""

    def copy_of(self, case: Case, original: Original, sending: Sending) -> bytes:
        """Return the record that is sent again."""

    def end(self, topic: str, partition: int) -> int:
        """Return the end of a partition now."""

    def sent(self, copy: Copy, original: Original) -> Copy | None:
        """Return the copy that an interrupted requeue sent; None when it sent none.

        Raises:
            NotDoneError: That cannot be told any more.
        """

    def gave_up(self, letter: Letter, dispatcher: int) -> bool:
        """Tell whether a dispatcher has written that it passes a ruling over for good.

        Raises:
            NotDoneError: Its log cannot be judged there.
        """


class Standings(Protocol):
    """What is recorded of contacts."""

    async def of(self, entry: Entry) -> Standing:
        """Return what is recorded of a contact and release; `set_aside` is not known here."""


@dataclass(frozen=True, slots=True)
class Change:
    """A record that counts, as far as ownership goes."""

    reign: Reign
    """As it stands behind that record."""
    appended_ms: int
    is_fence: bool
    set_aside: frozenset[InputName]
    """Inputs that it gives up for good."""


class Reigns(Protocol):
    """Who owns the deciders' partitions. Each method raises NotDoneError on silence."""

    def now(self, log: str) -> Mapping[int, Reign]:
        """Return who owns each partition of a log."""

    def ask_for_hand_over(
        self, log: str, partition: int, to_slot: str, signature: Signature
    ) -> None:
        """Ask the owner, of whom `now` has told, to give the partition to another slot."""

    def ask_for_skip(self, log: str, partition: int, name: InputName, signature: Signature) -> None:
        """Ask the owner, of whom `now` has told, to set an input aside."""

    def changes(self, log: str, partition: int, within_s: float) -> Iterator[Change]:
        """Yield each record that counts behind what `now` has told, as it comes."""

    def end_of(self, topic: str, partition: int) -> int | None:
        """Return where an input ends; None when there is no such partition."""

    def addressee(self, name: InputName) -> int | None:
        """Return the partition of the facts that decides a ruling; None when none does."""

    def is_dead(self, name: InputName) -> bool:
        """Tell whether a dead letter tells of an input."""


class Slots(Protocol):
    """The processes that decide."""

    def of(self, kind: str) -> list[str]:
        """Return the names of the slots of a kind of service."""

    def why_not_ready(self, slot: str) -> str | None:
        """Return what keeps a slot from deciding, as a sentence; None when nothing does."""


# --- recovery -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LostLog:
    """How far a partition of a fenced log was recorded."""

    topic: str
    partition: int
    topic_id: str
    records: int
    until: datetime | None
    """Its time then (rule 2.4)."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A recovery that was begun, and which of its steps are done."""

    recovery_id: int
    begun_at: datetime
    quiet_until: datetime
    map_version: int
    policy_version: int
    done: frozenset[str]


@dataclass(frozen=True, slots=True)
class InForce:
    """What is recorded of orders."""

    map_version: int
    policy_version: int
    centres: Mapping[str, int]
    """Partition by centre."""
    closed: frozenset[str]
    homes: Mapping[str, str]
    """Centre by seat."""
    policy: tuple[int, int, bool] | None
    """Longest wait and wrap-up in seconds, and whether it is required."""
    stops: tuple[tuple[int, str], ...]
    withdrawals: tuple[tuple[str, bytes, str], ...]
    """Kind, and the person or the contact; the other one is empty."""


@dataclass(frozen=True, slots=True)
class Release:
    """A contact of the bank on its way to the router once more."""

    contact_id: str
    release: int
    valid_until: datetime
    person_key: bytes
    seat_id: str
    segment_id: str
    language: str
    campaign: str
    priority: int
    due_at: datetime | None
    sealed: bytes


@dataclass(frozen=True, slots=True)
class ByHand:
    """A contact that a human has to decide on, or its sender has to send again."""

    contact_id: str
    release: int
    place: str
    session_id: str | None
    centre_id: str | None
    since: datetime
    fate: str
    said: str | None
    """The disposition that a desk gave since."""


@dataclass(frozen=True, slots=True)
class Summary:
    """How far the releases of a recovery are."""

    fates: Mapping[str, Mapping[str, int]]
    """Contacts by fate and by the place that they were in."""
    released: int
    waiting: int
    next_due_at: datetime | None
    by_hand: tuple[ByHand, ...]


class RecoveryStore(Protocol):
    """The record, by the one hand that may change it while no recorder runs."""

    async def logs(self) -> list[LostLog]:
        """Return the positions."""

    async def newest(self) -> Begun | None:
        """Return the recovery that was begun last."""

    async def in_force(self) -> InForce:
        """Return the orders that are recorded."""

    async def contacts(self) -> int:
        """Count all contacts that were ever ruled on."""

    def known(self) -> AsyncIterator[Known]:
        """Yield every contact that is not over."""

    async def begin(
        self,
        signature: Signature,
        begun: Begun,
        topic_ids: Mapping[str, str],
        judge: Callable[[Known], Verdict],
    ) -> int:
        """Give every contact its fate and begin the new logs, all or nothing; return the number."""

    async def mark_done(self, recovery_id: int, step: str) -> None:
        """Keep that a step is done."""

    def marks(self, recovery_id: int, since: datetime) -> AsyncIterator[list[tuple[str, int]]]:
        """Yield what the router has to remember: contacts and releases, some at a time."""

    async def release(
        self, recovery_id: int, now: datetime, valid_until: datetime
    ) -> list[Release]:
        """Commit the next releases; return those that are not known to be sent, at most 500."""

    async def mark_sent(self, recovery_id: int, sent: Sequence[Release]) -> None:
        """Keep that these were acknowledged."""

    async def summary(self, recovery_id: int) -> Summary:
        """Tell how far it is."""


class NewLogs(Protocol):
    """Logs that begin anew. What is appended is acknowledged when a call returns."""

    def topic_ids(self) -> Mapping[str, str]:
        """Return the ids of the fenced logs."""

    def partition_count(self) -> int:
        """Return how many partitions of contacts there are."""

    def in_the_way(self) -> list[str]:
        """Say what was decided or sent since the logs began anew, as sentences."""

    def in_use(self) -> InUse:
        """Read the newest map and policy."""

    def withdraw(self, withdrawals: Sequence[tuple[str, bytes, str]], signature: Signature) -> None:
        """Append withdrawals."""

    def stop(self, stops: Sequence[tuple[int, str]], signature: Signature) -> None:
        """Append stops."""

    def mark(self, releases: Sequence[tuple[str, int]]) -> None:
        """Append marks of releases that were ruled on."""

    def publish_policy(self, version: int, policy: Policy, signature: Signature) -> None:
        """Append a policy."""

    def publish_map(self, version: int, seat_map: SeatMap, signature: Signature) -> None:
        """Append a map."""

    def send(self, releases: Sequence[Release]) -> None:
        """Append releases, in their order within each partition."""


@dataclass(frozen=True, slots=True)
class StopOrder:
    """The newest order on a scope."""

    scope: Scope
    signature: Signature
    at_ms: int
    """When it was ordered, milliseconds since the Unix epoch."""
    in_force: bool
    """False: the scope was resumed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is ordered, and what can be."""

    stops: Mapping[Scope, StopOrder]
    """The newest order on each scope that was ever stopped, oldest first."""
    seats: frozenset[str]
    """Of the map in use."""
    centres: frozenset[str]
    partitions: int

    @property
    def in_force(self) -> list[StopOrder]:
        """The stops that are ordered and not resumed."""
        return [order for order in self.stops.values() if order.in_force]


@dataclass(frozen=True, slots=True)
class Settled:
    """What the partitions said of a stop or its end."""

    applied: frozenset[int]
    """Partitions in which it is in force."""
    offers: int = 0
    """Open offers that the stop found."""
    rescinded: int = 0
    """How many of them are taken back."""
    rescinded_within_ms: int | None = None
    """From the order to the last of them, by the broker's clock; None when there was none."""


class StopLog(Protocol):
    """Stops and resumes, and the dispatchers' word on them."""

    def standing(self) -> Standing:
        """Read what is ordered and the map in use."""

    def order(self, scope: Scope, signature: Signature, *, resume: bool) -> int:
        """Append a stop or its end; return its append time once it is acknowledged."""

    def settled(
        self, scope: Scope, ordered_at_ms: int | None, within_s: float, *, resume: bool
    ) -> Settled:
        """Wait until every partition has it in force and has taken its open offers back.

        Args:
            scope: What is stopped or resumed.
            ordered_at_ms: When; None when it was so before, and offers are not counted.
            within_s: How long to wait.
            resume: Whether it is the end of a stop.
        """

    def applied(self) -> Mapping[Scope, frozenset[int]]:
        """Return in which partitions each stop is in force by now."""


class HandLog(Protocol):
    """Orders to one partition, and its answers."""

    def release(self, partition: int, contact_id: str, signature: Signature) -> int:
        """Order a contact back to the bank; return the append time once acknowledged."""

    def end_session(
        self, partition: int, session_id: str, signature: Signature, *, interrupt: bool
    ) -> int:
        """Order the end of a session; return the append time once acknowledged."""

    def answer(self, partition: int, order: Word, within_s: float) -> Word | None:
        """Wait for the word on an order; None when none came in time."""


class OrderRecord(Protocol):
    """Recorded words on operators' orders."""

    async def words(self, since_ms: int, limit: int) -> list[Word]:
        """Return what is recorded of the newest orders since a moment."""


class OrderLogs(Protocol):
    """What the logs hold of orders beyond the record; may tell again what is recorded."""

    def partition_count(self) -> int:
        """Return how many partitions an order to all must reach."""

    def words(self) -> Iterator[Word]:
        """Yield the orders of the map log, and what is not recorded yet of all."""

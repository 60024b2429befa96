"""What the commands need of the world."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from services.cli.domain.dead import Case, Copy, Deed, Letter
from services.cli.domain.places import Accepted, Arrival, Fate, Foreign, Read, Recorded, SetAside
from services.cli.domain.policy import Policy
from services.cli.domain.reigns import InputName, Reign
from services.cli.domain.requeue import Entry, Original, Sending, Standing
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

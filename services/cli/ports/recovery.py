"""What a recovery needs of the world."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.cli.domain.policy import Policy
from services.cli.domain.recovery import Known, Verdict
from services.cli.domain.seat_map import SeatMap
from services.cli.ports.maps import InUse
from services.cli.ports.signature import Signature


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

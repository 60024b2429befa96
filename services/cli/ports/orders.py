"""What operators' orders need of the world."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from services.cli.domain.asked import Control
from services.cli.domain.dead import DeadFold
from services.cli.domain.orders import Word
from services.cli.domain.scope import Scope
from services.cli.ports.signature import Signature


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

    async def controls(self, since_ms: int, limit: int) -> list[Control]:
        """Return the newest recorded requests since a moment, and what followed the oldest."""


class OrderLogs(Protocol):
    """What the logs hold of orders beyond the record; may tell again what is recorded."""

    def partition_count(self) -> int:
        """Return how many partitions an order to all must reach."""

    def words(self) -> Iterator[Word]:
        """Yield the orders of the map log, and what is not recorded yet of all."""

    def controls(self) -> Iterator[Control]:
        """Yield requests and reigns that are not recorded yet."""

    def letters(self) -> DeadFold:
        """Return all dead letters, and what hands did with them."""

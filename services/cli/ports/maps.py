"""What publishing a map needs of the world."""

from dataclasses import dataclass
from typing import Protocol

from services.cli.domain.policy import Policy
from services.cli.domain.seat_map import SeatMap
from services.cli.ports.signature import Signature


@dataclass(frozen=True, slots=True)
class InUse:
    """What the map log holds: the newest of each kind, version 0 when there is none."""

    map_version: int
    seat_map: SeatMap | None
    policy_version: int
    policy: Policy | None


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

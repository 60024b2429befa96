"""Publish a map: load what is in use, decide what changes, append, wait until it is in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from services.cli.domain.policy import Policy
from services.cli.domain.seat_map import KnownSeat, Problem, Row, SeatMap, assemble, problems_of
from services.cli.ports.maps import InUse, MapLog
from services.cli.ports.signature import Signature

APPLIED_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator wants."""

    rows: Sequence[Row]
    seats: Mapping[str, KnownSeat]
    policy: Policy
    policy_asked_for: bool
    """False: the policy is the default, and published only when there is none."""
    signature: Signature
    dry_run: bool
    wait: bool


@dataclass(frozen=True, slots=True)
class Published:
    """What came of it."""

    problems: list[Problem] = field(default_factory=list)
    map_version: int = 0
    map_changed: bool = False
    policy_version: int = 0
    policy_changed: bool = False
    centres: int = 0
    seats: int = 0
    partitions: int = 0
    applied: frozenset[int] | None = None
    """Partitions in which it is in force; None when nobody waited."""

    @property
    def missing(self) -> list[int]:
        """Partitions in which it is not known to be in force."""
        applied = self.applied
        return [] if applied is None else [n for n in range(self.partitions) if n not in applied]


@dataclass(frozen=True, slots=True)
class PublishHandler:
    """Publishes a map and, when there is none yet or one is asked for, a policy."""

    log: MapLog

    def __call__(self, wish: Wish) -> Published:
        """Do it; repeats with the same content append what is missing, and wait all the same.

        A publisher that was killed may have appended one order, or all, and waited for none.

        Raises:
            NotDoneError: The stack is away.
        """
        partitions = self.log.partition_count()
        in_use = self.log.in_use()
        homes = in_use.seat_map.partitions if in_use.seat_map else {}
        problems = problems_of(wish.rows, wish.seats, partitions, homes)
        if problems:
            return Published(problems)
        seat_map = assemble(wish.rows, wish.seats)
        plan = _plan(wish, seat_map, in_use, partitions)
        if wish.dry_run:
            return plan
        return self._carry_out(wish, seat_map, plan)

    def _carry_out(self, wish: Wish, seat_map: SeatMap, plan: Published) -> Published:
        # The policy first: a router with a map and no policy would have to hold everything.
        if plan.policy_changed:
            self.log.publish_policy(plan.policy_version, wish.policy, wish.signature)
        if plan.map_changed:
            self.log.publish_map(plan.map_version, seat_map, wish.signature)
        if not wish.wait:
            return plan
        applied = self.log.applied(plan.map_version, plan.policy_version, APPLIED_WITHIN_S)
        return replace(plan, applied=applied)


def _plan(wish: Wish, seat_map: SeatMap, in_use: InUse, partitions: int) -> Published:
    map_changed = seat_map != in_use.seat_map
    replaces = wish.policy_asked_for and wish.policy != in_use.policy
    policy_changed = in_use.policy is None or replaces
    return Published(
        map_version=in_use.map_version + int(map_changed),
        map_changed=map_changed,
        policy_version=in_use.policy_version + int(policy_changed),
        policy_changed=policy_changed,
        centres=len(seat_map.centres),
        seats=len(seat_map.seats),
        partitions=partitions,
    )

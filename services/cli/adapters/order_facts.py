"""Orders in force, from the facts by which partitions said that they had applied them."""

from collections.abc import Iterable
from typing import Any

from seatline.facts.v1 import facts_pb2, orders_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.cli.domain.recovery import OrderSeen, stops_in_force
from services.cli.ports.recovery import InForce

Withdrawal = tuple[str, bytes, str]
"""Kind, person, contact; see `InForce`."""
_PREFIX = "WITHDRAWAL_KIND_"


class Orders:
    """Takes the facts of each partition in the order of its log."""

    def __init__(self) -> None:
        self._stops: list[OrderSeen] = []
        self._maps: dict[int, orders_pb2.MapApplied] = {}
        self._policies: dict[int, orders_pb2.PolicyApplied] = {}

    def take(self, partition: int, payload: bytes) -> None:
        """Note a fact."""
        fact = facts_pb2.Fact.FromString(payload)
        kind = fact.WhichOneof("kind")
        if kind == "map_applied":
            self._maps[partition] = fact.map_applied
        elif kind == "policy_applied":
            self._policies[partition] = fact.policy_applied
        elif kind in ("stop_applied", "stop_lifted"):
            body = getattr(fact, kind)
            self._stops.append(
                OrderSeen(partition, body.scope, body.id, lifted=kind == "stop_lifted")
            )

    def in_force(self, withdrawals: tuple[Withdrawal, ...]) -> InForce:
        """Return all of it; of a map that not all partitions had applied, what each had."""
        slices = [(n, each) for n, applied in self._maps.items() for each in applied.centres]
        policy = max(self._policies.values(), key=lambda each: each.version, default=None)
        return InForce(
            map_version=max((each.version for each in self._maps.values()), default=0),
            policy_version=policy.version if policy else 0,
            centres={each.centre_id: n for n, each in slices},
            closed=frozenset(each.centre_id for _, each in slices if each.closed),
            homes={seat: each.centre_id for _, each in slices for seat in each.seat_ids},
            policy=None if policy is None else _numbers(policy),
            stops=tuple(stops_in_force(self._stops)),
            withdrawals=withdrawals,
        )


def withdrawals_of(rows: Iterable[tuple[Any, ...]]) -> tuple[Withdrawal, ...]:
    """Return each withdrawal once, by person wherever the person is known.

    Args:
        rows: Kind, person and contact of one given in a call; or the fact of one that was applied.
    """
    found: set[Withdrawal] = set()
    for kind, person_key, contact_id, payload in rows:
        if payload is not None:
            body = facts_pb2.Fact.FromString(payload).withdrawal_applied
            name = suppressions_pb2.WithdrawalKind.Name(body.kind).removeprefix(_PREFIX).lower()
            found.add(
                (name, b"", body.contact_id) if body.contact_id else (name, body.person_key, "")
            )
            continue
        if person_key is not None:
            found.add((kind, person_key, ""))
        if contact_id is not None:
            found.add((kind, b"", contact_id))
    return tuple(sorted(found))


def _numbers(policy: orders_pb2.PolicyApplied) -> tuple[int, int, bool]:
    return policy.max_wait.seconds, policy.wrap_up.seconds, policy.required

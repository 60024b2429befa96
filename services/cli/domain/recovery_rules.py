"""A map and a policy that are to be in force again, beside what is recorded of those that were."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from services.cli.domain.policy import Policy
from services.cli.domain.seat_map import SeatMap


def with_closed(seat_map: SeatMap, closed: frozenset[str]) -> SeatMap:
    """Close the centres that were closed: no file says that one is."""
    return replace(
        seat_map,
        centres=tuple(
            replace(centre, closed=centre.closed or centre.centre_id in closed)
            for centre in seat_map.centres
        ),
    )


def seats_moved(seat_map: SeatMap, homes: Mapping[str, str]) -> Iterator[str]:
    """Name each seat that belongs to another centre than it did.

    Args:
        seat_map: What is to be in force.
        homes: Centre by seat, as recorded.
    """
    for seat in seat_map.seats:
        before = homes.get(seat.seat_id, "no centre")
        if before != seat.centre_id:
            yield f"seat {seat.seat_id} belongs to {seat.centre_id}, and belonged to {before}"


def policy_changes(policy: Policy, recorded: tuple[int, int, bool] | None) -> Iterator[str]:
    """Name each rule that is recorded and is another one now; hours and silence are not recorded.

    Args:
        policy: What is to be in force.
        recorded: Longest wait and wrap-up in seconds, and whether it was required.
    """
    if recorded is None:
        return
    names = ("the longest wait in seconds", "the longest wrap-up in seconds", "being required")
    longest = (policy.max_wait, policy.wrap_up)
    now = (*(int(each.total_seconds()) for each in longest), policy.required)
    for name, new, old in zip(names, now, recorded, strict=True):
        if new != old:
            yield f"policy: {name} is {new}, and was {old}"

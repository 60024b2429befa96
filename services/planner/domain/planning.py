"""Make a whole map: who is together, where, with how many callers, in which partition."""

from collections import Counter
from collections.abc import Sequence

from services.planner.domain.grouping import group_seats, site_of
from services.planner.domain.model import PlannedSeat, Seat
from services.planner.domain.sharing import apportion, spread


def plan(
    seats: Sequence[Seat], *, centres: int, callers: int, partitions: int
) -> list[PlannedSeat]:
    """Return one row per seat, by seat id; the same input gives the same rows.

    Centres are numbered in the order of the seats they stand in. Callers are shared out by seat, in
    proportion to electors; a centre's callers are the sum of its rows. Partitions weigh about the
    same in electors.

    Raises:
        ImpossiblePlanError: so many centres or so few callers cannot be had.
    """
    ordered = sorted(seats, key=lambda seat: seat.seat_id)
    groups = sorted(group_seats(ordered, centres), key=lambda group: site_of(group).seat_id)
    electors = [sum(seat.electors for seat in group) for group in groups]
    partition_of = spread(electors, partitions)
    names = centre_names([site_of(group) for group in groups])
    shares = apportion([seat.electors for seat in ordered], callers)
    callers_of = {seat.seat_id: share for seat, share in zip(ordered, shares, strict=True)}
    rows = [
        PlannedSeat(
            seat_id=seat.seat_id,
            centre_id=f"C{number:03}",
            centre_name=names[number - 1],
            site_seat_id=site_of(group).seat_id,
            callers=callers_of[seat.seat_id],
            partition=partition_of[number - 1],
        )
        for number, group in enumerate(groups, start=1)
        for seat in group
    ]
    return sorted(rows, key=lambda row: row.seat_id)


def centre_names(sites: Sequence[Seat]) -> list[str]:
    """Name each centre after its site, with the state where two sites have one name."""
    taken = Counter(site.name for site in sites)
    return [site.name if taken[site.name] == 1 else f"{site.name} ({site.state})" for site in sites]

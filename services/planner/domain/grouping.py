"""Group seats into centres of two or three neighbours, states together where they allow it.

1. A *bloc* is a state; one with a single seat joins the bloc of the seat nearest to it, because no
   centre has one seat. Centres never cross the border of a bloc.
2. Each bloc gets triples so that its centres carry about the country's average of electors: where
   seats are small there are more. The number of triples has the parity of the bloc's seats.
3. In a bloc, from the rim inwards, a seat takes its nearest one or two free neighbours.
4. Then any two centres of a bloc are divided anew if that costs less, until nothing gains.

Nothing is left to chance; ties go to the lower seat id.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations

from services.planner.domain.model import ImpossiblePlanError, Seat

Group = tuple[Seat, ...]

IMBALANCE_KM = 100.0
"""What a centre's being one average centre too heavy or too light may cost in kilometres."""

ROUNDS_MAX = 50
"""Rounds of re-dividing; a round that gains nothing ends them, in practice the tenth or so."""


def group_seats(seats: Sequence[Seat], centres: int) -> list[Group]:
    """Divide `seats` into exactly `centres` groups of two or three.

    Raises:
        ImpossiblePlanError: that many groups of two or three cannot be made.
    """
    blocs = make_blocs(seats)
    triples = share_triples(blocs, centres)
    target = sum(seat.electors for seat in seats) / centres
    groups: list[Group] = []
    for bloc, count in zip(blocs, triples, strict=True):
        groups += improve(first_division(bloc, count, target), target)
    return groups


def make_blocs(seats: Sequence[Seat]) -> list[list[Seat]]:
    """Return the seats by state, single-seat states joined to their nearest neighbour's bloc."""
    bloc_of = {seat.state: seat.state for seat in seats}
    for seat in sorted(seats, key=lambda seat: seat.seat_id):
        others = [other for other in seats if other.state != seat.state]
        alone = sum(other.state == seat.state for other in seats) == 1
        if not alone or not others or list(bloc_of.values()).count(bloc_of[seat.state]) > 1:
            continue
        nearest = min(others, key=lambda other: (seat.km_to(other), other.seat_id))
        bloc_of[seat.state] = bloc_of[nearest.state]
    blocs: dict[str, list[Seat]] = {}
    for seat in sorted(seats, key=lambda seat: seat.seat_id):
        blocs.setdefault(bloc_of[seat.state], []).append(seat)
    return [blocs[name] for name in sorted(blocs)]


def share_triples(blocs: Sequence[Sequence[Seat]], centres: int) -> list[int]:
    """Return how many centres of three seats each bloc gets; all others have two.

    A bloc of n seats and electors worth c average centres wants n - 2c triples.

    Raises:
        ImpossiblePlanError: no sharing gives exactly that many centres.
    """
    seats = sum(len(bloc) for bloc in blocs)
    least = [len(bloc) % 2 for bloc in blocs]
    most = [len(bloc) // 3 - (len(bloc) // 3 - len(bloc)) % 2 for bloc in blocs]
    wanted = seats - 2 * centres
    if not sum(least) <= wanted <= sum(most):
        fewest, largest = (seats - sum(most)) // 2, (seats - sum(least)) // 2
        message = f"centres: {centres} is impossible; choose {fewest} to {largest}"
        raise ImpossiblePlanError(message)
    average = sum(seat.electors for bloc in blocs for seat in bloc) / centres
    ideal = [len(bloc) - 2 * sum(seat.electors for seat in bloc) / average for bloc in blocs]
    triples = list(least)
    while sum(triples) < wanted:
        open_blocs = [i for i in range(len(blocs)) if triples[i] < most[i]]
        neediest = max(open_blocs, key=lambda i: (ideal[i] - triples[i], -i))
        triples[neediest] += 2
    return triples


def first_division(bloc: Sequence[Seat], triples: int, target: float) -> list[Group]:
    """Divide a bloc into pairs and exactly `triples` triples, from its rim inwards."""
    free = list(bloc)
    pairs = (len(bloc) - 3 * triples) // 2
    middle = Seat(
        seat_id="",
        name="",
        state="",
        electors=0,
        lat=sum(seat.lat for seat in bloc) / len(bloc),
        lon=sum(seat.lon for seat in bloc) / len(bloc),
    )
    groups: list[Group] = []
    while free:
        seed = min(free, key=lambda seat: (-seat.km_to(middle), seat.seat_id))
        near = sorted(free, key=lambda seat: (seed.km_to(seat), seat.seat_id))
        pair, triple = tuple(near[:2]), tuple(near[:3])
        takes_three = triples and (not pairs or _excess(triple, target) < _excess(pair, target))
        group = triple if takes_three else pair
        triples, pairs = (triples - 1, pairs) if takes_three else (triples, pairs - 1)
        groups.append(group)
        free = [seat for seat in free if seat not in group]
    return groups


def improve(groups: Iterable[Group], target: float) -> list[Group]:
    """Divide two groups anew wherever that costs less, until nothing gains; keep the sizes."""
    current = list(groups)
    for _ in range(ROUNDS_MAX):
        gained = False
        for i, j in combinations(range(len(current)), 2):
            better = _redivide(current[i], current[j], target)
            if better is not None:
                current[i], current[j] = better
                gained = True
        if not gained:
            break
    return current


def _redivide(first: Group, second: Group, target: float) -> tuple[Group, Group] | None:
    union = sorted(first + second, key=lambda seat: seat.seat_id)
    best, best_cost = None, cost_km(first, target) + cost_km(second, target) - 1e-6
    for part in combinations(union, len(first)):
        rest = tuple(seat for seat in union if seat not in part)
        cost = cost_km(part, target) + cost_km(rest, target)
        if cost < best_cost:
            best, best_cost = (part, rest), cost
    return best


def cost_km(group: Group, target: float) -> float:
    """Return the kilometres from the site to the other seats, and the price of a wrong weight."""
    site = site_of(group)
    return sum(site.km_to(seat) for seat in group) + IMBALANCE_KM * _excess(group, target)


def site_of(group: Group) -> Seat:
    """Return the seat in which the centre stands: nearest to the others, the larger on a tie."""
    return min(
        group,
        key=lambda seat: (
            round(sum(seat.km_to(other) for other in group), 6),
            -seat.electors,
            seat.seat_id,
        ),
    )


def _excess(group: Group, target: float) -> float:
    return abs(sum(seat.electors for seat in group) / target - 1)

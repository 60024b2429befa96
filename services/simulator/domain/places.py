"""Seats and centres as the simulator needs them, and fair shares among them."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from services.simulator.domain.chance import Chance


@dataclass(frozen=True, slots=True)
class Seat:
    """A parliamentary seat."""

    seat_id: str
    centre_id: str
    electors: int
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Centre:
    """A call centre of the map in use."""

    centre_id: str
    callers: int
    languages: tuple[str, ...]


class Lottery:
    """Draws seats in proportion to their electors."""

    def __init__(self, seats: Iterable[Seat]) -> None:
        """Weigh the seats.

        Raises:
            ValueError: There is no seat with an elector.
        """
        self._seats = [seat for seat in seats if seat.electors > 0]
        if not self._seats:
            raise ValueError("seats: none has electors; correct the seat list")
        self._ends = list(accumulate(seat.electors for seat in self._seats))

    def draw(self, chance: Chance) -> Seat:
        """Draw the seat of the next contact."""
        ticket = chance() * self._ends[-1]
        return self._seats[bisect_right(self._ends, ticket)]


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    """Divide whole things by weight, by the largest remainder, at least one each.

    Returns:
        Shares in the order of the weights; they add up to `total` exactly.

    Raises:
        ValueError: There are fewer things than shares.
    """
    if total < len(weights):
        raise ValueError(f"{total} cannot be shared among {len(weights)}, at least one each")
    whole = sum(weights)
    quotas = [total * weight / whole for weight in weights]
    shares = [max(1, int(quota)) for quota in quotas]
    # The surplus of a share over its quota says who is next to gain, or, where the ones given to
    # the smallest went too far, to lose.
    while (missing := total - sum(shares)) != 0:
        order = sorted(range(len(shares)), key=lambda i: (shares[i] - quotas[i], i))
        if missing > 0:
            for index in order[:missing]:
                shares[index] += 1
        else:
            payers = [index for index in reversed(order) if shares[index] > 1]
            for index in payers[:-missing]:
                shares[index] -= 1
    return shares

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.simulator.domain.places import Lottery, Seat, share_out


def test_shares_follow_the_largest_remainders() -> None:
    assert share_out(10, [1, 1, 1]) == [4, 3, 3]
    assert share_out(10, [7, 2, 1]) == [7, 2, 1]


def test_the_smallest_gets_one_at_the_expense_of_the_largest() -> None:
    assert share_out(10, [1_000, 1_000, 1]) == [5, 4, 1]


@given(st.lists(st.integers(1, 1_000), min_size=1, max_size=50), st.integers(0, 5_000))
def test_shares_add_up_and_nobody_goes_without(weights: list[int], more: int) -> None:
    shares = share_out(len(weights) + more, weights)
    assert sum(shares) == len(weights) + more
    assert min(shares) >= 1


def test_fewer_things_than_shares_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one each"):
        share_out(2, [1, 1, 1])


def test_seats_are_drawn_in_proportion_to_electors() -> None:
    seats = [Seat("S1", "C1", 3_000_000, ("hi",)), Seat("S2", "C1", 1_000_000, ("hi",))]
    lottery, chance = Lottery(seats), Random(1).random
    drawn = [lottery.draw(chance).seat_id for _ in range(4_000)]
    assert 2_900 <= drawn.count("S1") <= 3_100


def test_seats_without_electors_are_never_drawn() -> None:
    lottery = Lottery([Seat("S1", "C1", 0, ()), Seat("S2", "C1", 5, ())])
    assert lottery.draw(lambda: 0.0).seat_id == "S2"

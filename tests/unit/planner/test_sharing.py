import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.domain.model import ImpossiblePlanError
from services.planner.domain.sharing import apportion, spread

weights = st.lists(st.integers(min_value=1, max_value=3_000_000), min_size=1, max_size=60)


def test_what_is_left_goes_to_the_largest_remainders() -> None:
    assert apportion([470, 160, 158, 120, 61, 31], 10) == [5, 1, 1, 1, 1, 1]


def test_on_a_tie_the_earlier_gets_the_last_one() -> None:
    assert apportion([1, 1, 1], 4) == [2, 1, 1]


def test_the_smallest_gets_one_and_the_others_pay_for_it() -> None:
    assert apportion([1, 1, 998], 10) == [1, 1, 8]


@given(weights, st.integers(min_value=0, max_value=20_000))
def test_shares_are_exact_and_nobody_gets_nothing(weights: list[int], spare: int) -> None:
    total = len(weights) + spare
    shares = apportion(weights, total)
    assert sum(shares) == total
    assert min(shares) >= 1


@given(weights, st.integers(min_value=0, max_value=20_000))
def test_a_greater_weight_never_gets_a_smaller_share(weights: list[int], spare: int) -> None:
    shares = apportion(weights, len(weights) + spare)
    by_weight = [share for _, share in sorted(zip(weights, shares, strict=True))]
    assert by_weight == sorted(by_weight)


def test_too_few_callers_are_refused_with_the_remedy() -> None:
    with pytest.raises(ImpossiblePlanError, match="callers: 2 for 3 seats"):
        apportion([1, 1, 1], 2)


@given(weights, st.integers(min_value=1, max_value=16))
def test_no_two_bins_differ_by_more_than_one_weight(weights: list[int], bins: int) -> None:
    chosen = spread(weights, bins)
    loads = [sum(w for w, b in zip(weights, chosen, strict=True) if b == i) for i in range(bins)]
    assert max(loads) - min(loads) <= max(weights)

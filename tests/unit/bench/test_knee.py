from collections.abc import Callable

import pytest

from bench.rows.knee import highest, is_in_time
from bench.simulation import Run


def below(limit: float, tried: list[float]) -> Callable[[float], bool]:
    def holds(load: float) -> bool:
        tried.append(load)
        return load <= limit

    return holds


@pytest.mark.parametrize(
    ("limit", "found", "loads"),
    [
        (1_800, 1_750, [1_000, 2_000, 1_500, 1_750]),
        (2_400, 2_250, [1_000, 2_000, 4_000, 3_000, 2_500, 2_250]),
        (700, 687.5, [1_000, 500, 750, 625, 687.5]),
        (1e9, 32_000, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000]),
    ],
)
def test_the_highest_load_is_doubled_up_to_and_then_closed_in_on(
    limit: float, found: float, loads: list[float]
) -> None:
    tried: list[float] = []
    assert highest(below(limit, tried), 1_000, tries=6) == found
    assert tried == loads


def test_there_is_none_when_no_load_holds() -> None:
    assert highest(lambda _: False, 1_000, tries=4) is None


def run(p99: float, offers_per_second: float = 1_000.0, n: int = 10) -> Run:
    spread = {"n": n, "p50": p99 / 2, "p99": p99}
    return Run({"offer_ms": spread, "offers_per_second": offers_per_second}, {})


@pytest.mark.parametrize(
    ("tried", "in_time"),
    [
        (run(100.0), True),
        (run(100.1), False),
        (run(10.0, offers_per_second=949.0), False),
        (run(0.0, n=0), False),
    ],
)
def test_a_load_holds_when_offers_come_in_time_and_as_often_as_contacts(
    tried: Run, in_time: bool
) -> None:
    assert is_in_time(tried, 1_000.0) is in_time

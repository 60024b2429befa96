from collections.abc import Callable
from pathlib import Path

import pytest

from bench.knee import highest
from bench.rows.knee import first_load, is_in_time, upper_end
from bench.simulation import Run
from bench.world import World


def below(limit: float, tried: list[float]) -> Callable[[float], bool]:
    def holds(load: float) -> bool:
        tried.append(load)
        return load <= limit

    return holds


@pytest.mark.parametrize(
    ("limit", "loads"),
    [
        (300, [260, 390, 318]),
        (350, [260, 390, 318]),
        (200, [260, 173, 212]),
        (500, [260, 390, 585, 478]),
        (150, [260, 173, 115, 141]),
    ],
)
def test_the_knee_is_stepped_over_and_then_closed_in_on(limit: float, loads: list[float]) -> None:
    tried: list[float] = []
    search = highest(below(limit, tried), 260)
    assert tried == loads
    assert search.held == max(load for load in loads if load <= limit)
    assert search.missed == min(load for load in loads if load > limit)


@pytest.mark.parametrize("limit", range(80, 870, 10))
def test_it_is_known_to_a_fifth_wherever_it_is_near_the_first_load(limit: float) -> None:
    search = highest(below(limit, []), 260)
    assert search.found
    assert search.missed is not None
    assert 0.8 * search.missed <= search.held <= limit < search.missed


def test_there_is_none_when_no_load_holds_and_the_lowest_that_was_tried_is_named() -> None:
    search = highest(lambda _: False, 1_000)
    assert (search.held, upper_end(search)) == (0.0, "198 did not hold")


def test_a_search_that_never_ends_says_so() -> None:
    search = highest(lambda _: True, 1_000)
    assert (search.held, upper_end(search)) == (5_070.0, "every load that was tried held")


def test_the_search_begins_below_the_load_that_fills_the_cores() -> None:
    world = World(Path("nowhere"), print)
    assert first_load(world) == 300.0
    world.full_per_s = 340.0
    assert first_load(world) == 255.0


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

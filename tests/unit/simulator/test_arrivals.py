from dataclasses import replace
from random import Random

import pytest

from services.simulator.domain.arrivals import Arrival, Load, Part, plan_arrivals
from services.simulator.domain.places import Seat

LOAD = Load(rate_per_s=100, warm_up_ms=10_000, measured_ms=30_000)
SEATS = [Seat(f"S{n}", f"C{n % 8}", 1_000 + n, ("hi", "en")) for n in range(16)]
SESSIONS = {f"C{n}": n + 1 for n in range(8)}


def planned(seed: int = 1, load: Load = LOAD) -> list[Arrival]:
    return plan_arrivals(load, SEATS, SESSIONS, Random(seed).random)


def burst_of(load: Load) -> list[Arrival]:
    return [arrival for arrival in planned(load=load) if arrival.part is Part.BURST]


def steady(plan: list[Arrival]) -> list[tuple[float, str]]:
    return [(each.at_ms, each.seat_id) for each in plan if each.part is not Part.BURST]


def test_the_same_seed_gives_the_same_plan() -> None:
    assert planned() == planned()
    assert planned() != planned(2)


def test_each_part_gets_exactly_its_rate() -> None:
    parts = [arrival.part for arrival in planned()]
    assert parts.count(Part.WARM_UP) == 1_000
    assert parts.count(Part.MEASURED) == 3_000


def test_arrivals_are_numbered_in_the_order_of_their_times() -> None:
    arrivals = planned()
    assert [arrival.number for arrival in arrivals] == list(range(len(arrivals)))
    assert [a.at_ms for a in arrivals] == sorted(a.at_ms for a in arrivals)
    assert arrivals[-1].at_ms < LOAD.until_ms


def test_the_burst_is_five_contacts_for_each_session_of_five_centres() -> None:
    home = {seat.seat_id: seat.centre_id for seat in SEATS}
    burst = burst_of(LOAD)
    centres = {home[arrival.seat_id] for arrival in burst}
    assert len(centres) == 5
    assert len(burst) == 5 * sum(SESSIONS[centre] for centre in centres)


@pytest.mark.parametrize(
    ("warm_up_ms", "measured_ms", "at_ms"),
    [
        (10_000, 30_000, 5_000),
        (200, 30_000, 100),
        (0, 30_000, 1_000),
        (0, 1_000, 500),
    ],
)
def test_the_burst_comes_before_the_measured_part_if_anything_does(
    warm_up_ms: float, measured_ms: float, at_ms: float
) -> None:
    burst = burst_of(replace(LOAD, warm_up_ms=warm_up_ms, measured_ms=measured_ms))
    assert {arrival.at_ms for arrival in burst} == {at_ms}


@pytest.mark.parametrize("per_session", [0, 1])
def test_a_burst_of_another_size_leaves_the_stream_as_it_is(per_session: int) -> None:
    plan = planned(load=replace(LOAD, burst_per_session=per_session))
    assert steady(plan) == steady(planned())
    assert len(plan) - len(steady(plan)) <= per_session * sum(SESSIONS.values())


def test_a_hundredth_is_foreign() -> None:
    arrivals = planned()
    assert sum(arrival.foreign for arrival in arrivals) == (len(arrivals) + 49) // 100


def test_languages_are_those_of_the_seat_and_mostly_any() -> None:
    arrivals = planned()
    assert {arrival.language for arrival in arrivals} == {"", "hi", "en"}
    assert sum(arrival.language == "" for arrival in arrivals) > 0.8 * len(arrivals)
    assert {arrival.priority for arrival in arrivals} == set(range(10))

from random import Random

from services.simulator.domain.arrivals import Arrival, Load, Part, plan_arrivals
from services.simulator.domain.places import Seat

LOAD = Load(rate_per_s=100, warm_up_ms=10_000, measured_ms=30_000)
SEATS = [Seat(f"S{n}", f"C{n % 8}", 1_000 + n, ("hi", "en")) for n in range(16)]
SESSIONS = {f"C{n}": n + 1 for n in range(8)}


def planned(seed: int = 1) -> list[Arrival]:
    return plan_arrivals(LOAD, SEATS, SESSIONS, Random(seed).random)


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
    burst = [arrival for arrival in planned() if arrival.part is Part.BURST]
    centres = {home[arrival.seat_id] for arrival in burst}
    assert len(centres) == 5
    assert len(burst) == 5 * sum(SESSIONS[centre] for centre in centres)
    assert {arrival.at_ms for arrival in burst} == {11_000.0}


def test_a_hundredth_is_foreign() -> None:
    arrivals = planned()
    assert sum(arrival.foreign for arrival in arrivals) == (len(arrivals) + 49) // 100


def test_languages_are_those_of_the_seat_and_mostly_any() -> None:
    arrivals = planned()
    assert {arrival.language for arrival in arrivals} == {"", "hi", "en"}
    assert sum(arrival.language == "" for arrival in arrivals) > 0.8 * len(arrivals)
    assert {arrival.priority for arrival in arrivals} == set(range(10))

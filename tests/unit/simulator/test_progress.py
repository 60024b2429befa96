from collections import Counter
from dataclasses import replace

from services.simulator.domain.arrivals import Arrival, Part
from services.simulator.domain.measure import Spread
from services.simulator.domain.progress import (
    TROUBLED_MAX,
    Progress,
    Trouble,
    activities,
    as_line,
    troubles,
)
from services.simulator.domain.stance import Stance
from services.simulator.domain.team import Team
from services.simulator.domain.waiting import Waiting

PROGRESS = Progress(
    phase="measuring",
    left_s=41.6,
    sessions=20_000,
    signed_in=19_998,
    activities={"available": 15_000, "offered": 60, "on call": 4_900, "wrap-up": 40, "paused": 0},
    offers=12_345,
    offers_per_s=301.25,
    waiting=7,
    offer_ms=Spread(9_000, 5.14, 9.0, 31.2, 80.0),
    troubles=(Trouble("C007", 5, 0, 90), Trouble("C001", 2, 1, 80), Trouble("C002", 0, 3, 70)),
)


def team(centre_id: str, ready: int, on_call: int) -> Team:
    made = Team(centre_id)
    for stance, callers in ((Stance.READY, ready), (Stance.ON_CALL, on_call)):
        for _ in range(callers):
            made.join(stance)
    return made


def arrival(at_ms: float, seat_id: str) -> Arrival:
    return Arrival(0, at_ms, seat_id, "", 5, foreign=False, part=Part.MEASURED)


def test_progress_is_one_line() -> None:
    assert as_line(PROGRESS) == (
        "measuring, 42 s left: 19998/20000 signed in (15000 available, 60 offered, 4900 on call, "
        "40 wrap-up), 301.2 offers/s, offer_ms p50 5.1 p99 31.2, 7 waiting, "
        "most of them at C007 5, C001 2"
    )


def test_a_phase_without_an_end_has_no_seconds_left() -> None:
    line = as_line(replace(PROGRESS, phase="signing in", left_s=None, waiting=0, troubles=()))
    assert line.startswith("signing in: 19998/20000")
    assert line.endswith(", 0 waiting")


def test_callers_are_counted_by_what_they_do() -> None:
    counted = activities([team("C1", 3, 1), team("C2", 2, 0)])
    assert (counted["available"], counted["on call"]) == (5, 1)
    assert sum(counted.values()) == 6


def test_an_accepted_offer_is_still_one() -> None:
    made = Team("C1")
    made.join(Stance.OFFERED)
    made.join(Stance.ACCEPTED)
    assert activities([made])["offered"] == 2


def test_trouble_is_where_most_wait_and_then_where_callers_are_short() -> None:
    teams = [team("C1", 9, 1), team("C2", 1, 19), team("C3", 0, 10), team("C4", 5, 5)]
    found = troubles(teams, Counter({"C4": 3}))
    assert found == (Trouble("C4", 3, 5, 10), Trouble("C3", 0, 0, 10), Trouble("C2", 0, 1, 20))


def test_only_the_worst_centres_are_named() -> None:
    teams = [team(f"C{number}", 1, 0) for number in range(20)]
    waiting = Counter({f"C{number}": number for number in range(20)})
    worst = [centre.waiting for centre in troubles(teams, waiting)]
    assert worst == list(range(19, 19 - TROUBLED_MAX, -1))


def test_who_is_due_and_was_not_offered_waits_at_the_centre_of_the_seat() -> None:
    plan = [arrival(at_ms, seat) for at_ms, seat in ((0, "S1"), (10, "S2"), (20, "S1"), (30, "S3"))]
    waiting = Waiting(plan, {"S1": "C1", "S2": "C1", "S3": "C2"})
    assert waiting.at(9, {}) == {"C1": 1}
    assert waiting.at(20, {"S1": 1}) == {"C1": 2}
    assert waiting.at(1_000, {"S1": 2, "S2": 1}) == {"C1": 0, "C2": 1}
    assert waiting.at(2_000, {"S1": 2, "S2": 1, "S3": 1}).total() == 0

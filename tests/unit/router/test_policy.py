from datetime import UTC, datetime

import pytest

from services.router.domain.contact import SeatId
from services.router.domain.policy import (
    InvalidPolicyError,
    Span,
    hours_of_day,
    next_opening_ms,
    policy_rules,
    silence_around,
)
from tests.unit.router.values import DAY_MS, HOUR_MS, rules


def utc_ms(*parts: int) -> int:
    return round(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type, misc]


def test_hours_are_those_of_the_local_day() -> None:
    # 20:00 UTC is 01:30 of the next day in Kolkata.
    hours = hours_of_day(rules(), utc_ms(2031, 3, 3, 20, 0))
    assert hours == Span(utc_ms(2031, 3, 4, 3, 30), utc_ms(2031, 3, 4, 15, 30))


@pytest.mark.parametrize(
    ("now", "opening"),
    [
        ((2031, 3, 4, 3, 29), (2031, 3, 4, 3, 30)),
        ((2031, 3, 4, 3, 30), (2031, 3, 5, 3, 30)),
        ((2031, 3, 4, 18, 29), (2031, 3, 5, 3, 30)),
        ((2031, 3, 4, 18, 30), (2031, 3, 5, 3, 30)),
        ((2031, 12, 31, 16, 0), (2032, 1, 1, 3, 30)),
    ],
)
def test_the_next_opening_lies_ahead(now: tuple[int, ...], opening: tuple[int, ...]) -> None:
    assert next_opening_ms(rules(), utc_ms(*now)) == utc_ms(*opening)


def test_nine_o_clock_stays_nine_o_clock_when_the_zone_shifts() -> None:
    berlin = rules(zone="Europe/Berlin")
    # Clocks go forward on 2031-03-30, back on 2031-10-26.
    assert next_opening_ms(berlin, utc_ms(2031, 3, 29, 12, 0)) == utc_ms(2031, 3, 30, 7, 0)
    assert next_opening_ms(berlin, utc_ms(2031, 10, 25, 12, 0)) == utc_ms(2031, 10, 26, 8, 0)
    assert hours_of_day(berlin, utc_ms(2031, 3, 30, 12, 0)).ends_ms == utc_ms(2031, 3, 30, 19, 0)


def test_a_policy_without_a_closing_runs_to_midnight() -> None:
    policy = policy_rules(1, "Asia/Kolkata", (0, DAY_MS), [])
    hours = hours_of_day(policy, utc_ms(2031, 3, 4, 12, 0))
    assert hours.ends_ms - hours.begins_ms == DAY_MS
    assert next_opening_ms(policy, hours.begins_ms) == hours.ends_ms


def test_silences_that_overlap_or_touch_are_one() -> None:
    policy = rules(("A", 30, 40), ("A", 5, 20), ("A", 10, 30), ("B", 1, 2))
    assert silence_around(policy, SeatId("A"), 0) == Span(5, 40)
    assert silence_around(policy, SeatId("A"), 39) == Span(5, 40)
    assert silence_around(policy, SeatId("A"), 40) is None
    assert silence_around(policy, SeatId("C"), 0) is None


@pytest.mark.parametrize(
    ("version", "zone", "hours_ms", "span", "named"),
    [
        (0, "Asia/Kolkata", (0, 1), Span(0, 1), "version"),
        (1, "Nowhere/Land", (0, 1), Span(0, 1), "time_zone"),
        (1, "", (0, 1), Span(0, 1), "time_zone"),
        (1, "../etc/passwd", (0, 1), Span(0, 1), "time_zone"),
        (1, "Asia/Kolkata", (0, 0), Span(0, 1), "opens and closes"),
        (1, "Asia/Kolkata", (22 * HOUR_MS, 6 * HOUR_MS), Span(0, 1), "opens and closes"),
        (1, "Asia/Kolkata", (0, DAY_MS + 1), Span(0, 1), "opens and closes"),
        (1, "Asia/Kolkata", (0, 1), Span(1, 1), "silence window of seat A"),
    ],
)
def test_a_policy_that_cannot_be_followed_is_named(
    version: int, zone: str, hours_ms: tuple[int, int], span: Span, named: str
) -> None:
    with pytest.raises(InvalidPolicyError, match=named):
        policy_rules(version, zone, hours_ms, [(SeatId("A"), span)])

from collections.abc import Iterator

from tests.chaos.memory import GROWN_UP_S, Sample, growth_mb_per_min


def life(pid: int, begins_s: float, lasts_s: float, mb: float, per_min: float) -> Iterator[Sample]:
    for age in range(0, int(lasts_s), 5):
        yield Sample(begins_s + age, pid, float(age), mb + per_min * age / 60)


def test_a_process_that_grows_steadily_has_that_growth() -> None:
    assert growth_mb_per_min(life(1, 0.0, 1_200.0, 80.0, 1.5)) == 1.5


def test_what_is_filled_in_the_first_five_minutes_is_no_growth() -> None:
    early = [s for s in life(1, 0.0, 1_200.0, 80.0, 20.0) if s.age_s < GROWN_UP_S]
    late = [s for s in life(1, 0.0, 1_200.0, 180.0, 0.0) if s.age_s >= GROWN_UP_S]
    assert growth_mb_per_min([*early, *late]) == 0


def test_to_be_started_again_is_no_growth_and_no_shrinking() -> None:
    lives = [
        *life(1, 0.0, 600.0, 90.0, 0.6),
        *life(2, 600.0, 600.0, 60.0, 0.6),
        *life(3, 1_200.0, 600.0, 120.0, 0.6),
    ]
    assert growth_mb_per_min(lives) == 0.6


def test_a_young_process_is_not_judged() -> None:
    lives = [s for pid in range(20) for s in life(pid, 300.0 * pid, GROWN_UP_S, 50.0, 30.0)]
    assert growth_mb_per_min(lives) is None


def test_less_than_ten_minutes_says_nothing() -> None:
    assert growth_mb_per_min(life(1, 0.0, GROWN_UP_S + 590, 50.0, 30.0)) is None

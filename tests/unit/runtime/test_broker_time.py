from hypothesis import given
from hypothesis import strategies as st

from services.runtime.fenced_log.broker_time import GUESS_LIMIT_MS, SLEW, BrokerTime

T = 1_770_000_000_000
HOUR_MS = 3_600_000


def test_there_is_no_time_before_the_first_record() -> None:
    assert BrokerTime().now_ms(5_000, 5_000) == 0


def test_time_is_the_append_time_read_last_and_what_passed_since() -> None:
    time = BrokerTime()
    time.observe(T, T, 100)
    assert time.now_ms(100, 100) == T
    assert time.now_ms(850, 850) == T + 750
    time.observe(T + 2_000, T + 1_850, 1_900)
    assert time.now_ms(2_000, 2_000) == T + 2_100


def test_time_stands_still_a_second_after_the_last_question_that_was_answered() -> None:
    time = BrokerTime()
    time.observe(T, T, 0)
    assert time.now_ms(999, 0) == T + 999
    assert time.now_ms(60_000, 0) == T + GUESS_LIMIT_MS
    assert time.now_ms(60_000, 59_900) == T + 60_000


def test_time_goes_on_where_it_was_when_the_broker_s_clock_is_stepped_back() -> None:
    time = BrokerTime()
    time.observe(T, T, 0)
    assert time.now_ms(500, 500) == T + 500
    time.observe(T - HOUR_MS, T + 590, 600)
    assert time.now_ms(700, 700) == T + 700 - 100 // SLEW


def test_who_starts_behind_a_step_back_goes_on_from_the_last_writer_s_time() -> None:
    time = BrokerTime()
    time.observe(T, T - 3, 0)
    time.observe(T - 40_000 + 9_000, T + 9_000 - 3, 1)
    assert time.now_ms(1, 1) == T + 9_000 - 3


def test_a_clock_that_was_stepped_back_catches_up_as_time_runs_a_sixteenth_slower() -> None:
    time = BrokerTime()
    time.observe(T, T, 0)
    step_ms, now_ms = 40_000, T
    caught_up_at = 0
    for mono in range(10, 700_000, 10):
        time.observe(T - step_ms + mono, now_ms, mono)
        before_ms, now_ms = now_ms, time.now_ms(mono, mono)
        assert now_ms >= before_ms
        if now_ms == T - step_ms + mono and not caught_up_at:
            caught_up_at = mono
    assert abs(caught_up_at - SLEW * step_ms) <= 1_000
    assert now_ms == T - step_ms + 699_990


def test_time_does_not_fall_when_a_guess_ran_ahead_of_the_next_record() -> None:
    time = BrokerTime()
    time.observe(T, T, 0)
    assert time.now_ms(900, 900) == T + 900
    time.observe(T + 400, T + 400, 950)
    assert time.now_ms(1_000, 1_000) == T + 900
    assert time.now_ms(1_600, 1_600) == T + 1_050


def test_a_moment_before_the_read_is_that_much_before_the_append_at_the_latest() -> None:
    time = BrokerTime()
    time.observe(T, T, 1_000)
    assert time.at_ms(400) == T - 600
    assert time.at_ms(1_400) == T + 400


def test_asking_for_a_moment_moves_nothing() -> None:
    time = BrokerTime()
    time.observe(T, T, 0)
    time.at_ms(900_000)
    assert time.now_ms(10, 10) == T + 10


def test_a_record_is_as_old_as_the_time_since_it_was_appended() -> None:
    time = BrokerTime()
    time.observe(T, T, 0)
    assert time.age_ms(time.now_ms(900, 900), T - 100) == 1_000


def test_after_a_step_back_of_the_broker_s_clock_what_it_stamps_now_is_not_old() -> None:
    time = BrokerTime()
    time.observe(T, T, 0)
    time.observe(T - HOUR_MS + 600, T + 590, 600)
    assert time.age_ms(time.now_ms(610, 610), T - HOUR_MS + 560) == 50
    time.observe(T + 800, T + 790, 800)
    assert time.age_ms(time.now_ms(900, 900), T + 850) == 50


@given(
    st.lists(
        st.tuples(st.integers(-5_000, 5_000), st.integers(0, 3_000), st.integers(0, 4_000)),
        max_size=40,
    )
)
def test_time_never_falls(moves: list[tuple[int, int, int]]) -> None:
    time, mono, appended, before = BrokerTime(), 0, T, 0
    for step, passed, unanswered in moves:
        mono += passed
        appended += step
        time.observe(appended, before, mono)
        now = time.now_ms(mono, max(0, mono - unanswered))
        assert now >= before
        before = now

from hypothesis import given
from hypothesis import strategies as st

from services.runtime.fenced_log.broker_time import GUESS_LIMIT_MS, BrokerTime

T = 1_770_000_000_000


def test_there_is_no_time_before_the_first_record() -> None:
    assert BrokerTime().now_ms(5_000, 5_000) == 0


def test_time_is_the_append_time_read_last_and_what_passed_since() -> None:
    time = BrokerTime()
    time.observe(T, 100)
    assert time.now_ms(100, 100) == T
    assert time.now_ms(850, 850) == T + 750
    time.observe(T + 2_000, 1_900)
    assert time.now_ms(2_000, 2_000) == T + 2_100


def test_time_stands_still_a_second_after_the_last_question_that_was_answered() -> None:
    time = BrokerTime()
    time.observe(T, 0)
    assert time.now_ms(999, 0) == T + 999
    assert time.now_ms(60_000, 0) == T + GUESS_LIMIT_MS
    assert time.now_ms(60_000, 59_900) == T + 60_000


def test_time_does_not_fall_when_the_broker_s_clock_does() -> None:
    time = BrokerTime()
    time.observe(T, 0)
    assert time.now_ms(500, 500) == T + 500
    time.observe(T - 3_600_000, 600)
    assert time.now_ms(700, 700) == T + 700


def test_time_does_not_fall_when_a_guess_ran_ahead_of_the_next_record() -> None:
    time = BrokerTime()
    time.observe(T, 0)
    assert time.now_ms(900, 900) == T + 900
    time.observe(T + 400, 950)
    assert time.now_ms(1_000, 1_000) == T + 900
    assert time.now_ms(1_600, 1_600) == T + 1_050


def test_a_moment_before_the_read_is_that_much_before_the_append_at_the_latest() -> None:
    time = BrokerTime()
    time.observe(T, 1_000)
    assert time.at_ms(400) == T - 600
    assert time.at_ms(1_400) == T + 400


def test_asking_for_a_moment_moves_nothing() -> None:
    time = BrokerTime()
    time.observe(T, 0)
    time.at_ms(900_000)
    assert time.now_ms(10, 10) == T + 10


def test_a_record_is_as_old_as_the_time_since_it_was_appended() -> None:
    time = BrokerTime()
    time.observe(T, 0)
    assert time.age_ms(time.now_ms(900, 900), T - 100) == 1_000


def test_after_a_step_back_of_the_broker_s_clock_what_it_stamps_now_is_not_old() -> None:
    time = BrokerTime()
    time.observe(T, 0)
    time.observe(T - 3_600_000 + 600, 600)
    assert time.age_ms(time.now_ms(700, 700), T - 3_600_000 + 650) == 50
    time.observe(T + 800, 800)
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
        time.observe(appended, mono)
        now = time.now_ms(mono, max(0, mono - unanswered))
        assert now >= before
        before = now

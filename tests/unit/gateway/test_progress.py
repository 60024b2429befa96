from services.gateway.domain.progress import (
    AT_END_WITHIN_MS,
    BEHIND_AFTER_MS,
    FRESH_WITHIN_MS,
    Progress,
)
from services.runtime.log_port import Arrived

T = 1_770_000_000_000
FACTS = [("facts", 0), ("facts", 1)]
ORDERS = [("map", 0), ("suppressions", 0)]


def progress(facts_at: int = 0, orders_at: int = 0) -> Progress:
    made = Progress(FACTS, ORDERS)
    made.reached([(tp, facts_at) for tp in FACTS])
    made.reached([(tp, orders_at) for tp in ORDERS])
    return made


def test_nothing_may_be_announced_before_every_end_was_reached() -> None:
    made = Progress(FACTS, ORDERS)
    made.reached([(FACTS[0], 0), (ORDERS[0], 0)])
    assert not made.may_announce(0, 0)
    assert made.behind(0) == "suppressions/0, facts/1"
    made.reached([(ORDERS[1], 0)])
    assert made.may_announce(0, 0)
    assert not made.may_announce(1, 0)


def test_facts_count_as_at_their_end_for_a_second() -> None:
    made = progress(orders_at=AT_END_WITHIN_MS)
    assert made.may_announce(0, AT_END_WITHIN_MS)
    assert not made.may_announce(0, AT_END_WITHIN_MS + 1)


def test_withdrawals_and_stops_count_as_fresh_for_five_seconds() -> None:
    made = progress(facts_at=FRESH_WITHIN_MS)
    assert made.may_announce(0, FRESH_WITHIN_MS)
    made.reached([(FACTS[0], FRESH_WITHIN_MS + 1)])
    assert not made.may_announce(0, FRESH_WITHIN_MS + 1)


def test_an_older_answer_does_not_undo_a_newer_one() -> None:
    made = progress(facts_at=500, orders_at=500)
    made.reached([(FACTS[0], 100)])
    assert made.may_announce(0, 1_500)


def test_a_door_that_fell_far_behind_says_where() -> None:
    made = progress()
    assert made.behind(BEHIND_AFTER_MS) == ""
    made.reached([(tp, 1) for tp in (*ORDERS, FACTS[0])])
    assert made.behind(BEHIND_AFTER_MS + 1) == "facts/1"


def read(
    made: Progress, appended_at_ms: int, at_ms: int, mono_ms: int, *, new_reign: bool = False
) -> None:
    made.read(Arrived("facts", 1, 41, appended_at_ms, b""), at_ms, mono_ms, new_reign=new_reign)


def test_the_next_offset_and_the_brokers_time_follow_what_was_read() -> None:
    made = progress()
    read(made, T, T - 5, mono_ms=10)
    assert [read[:2] for read in made.facts_read()] == [(0, 0), (1, 42)]
    assert made.broker_ms(1, 15) == T + 5
    assert made.broker_ms(0, 15) == 0


def test_a_new_owner_s_time_is_taken_where_the_broker_s_clock_was_stepped_back() -> None:
    made = progress()
    read(made, T, T, mono_ms=0)
    read(made, T - 40_000 + 9_000, T, mono_ms=9_000, new_reign=True)
    assert made.broker_ms(1, 9_000) == T

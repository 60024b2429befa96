from dataclasses import replace
from datetime import timedelta

from services.cli.domain.policy import default_policy
from services.cli.domain.recovery_rules import policy_changes, seats_moved, with_closed
from services.cli.domain.seat_map import Centre, Seat, SeatMap

SEAT_MAP = SeatMap(
    (Centre("C001", "One", 0, 9, ("hi",)), Centre("C002", "Two", 1, 9, ("hi",))),
    (Seat("S01-01", "C001", ()), Seat("S01-02", "C002", ())),
)


def test_a_centre_that_was_closed_is_closed_and_no_other() -> None:
    closed = with_closed(SEAT_MAP, frozenset({"C002"}))
    assert [centre.closed for centre in closed.centres] == [False, True]
    assert closed.seats == SEAT_MAP.seats


def test_a_seat_with_another_centre_than_before_is_named() -> None:
    homes = {"S01-01": "C001", "S01-02": "C001"}
    assert list(seats_moved(SEAT_MAP, homes)) == [
        "seat S01-02 belongs to C002, and belonged to C001"
    ]


def test_a_rule_of_the_policy_that_is_recorded_otherwise_is_named() -> None:
    policy = replace(default_policy(()), max_wait=timedelta(minutes=9))
    wrap_up_s = int(policy.wrap_up.total_seconds())
    assert list(policy_changes(policy, (540, wrap_up_s, policy.required))) == []
    (said,) = policy_changes(policy, (60, wrap_up_s, policy.required))
    assert said == "policy: the longest wait in seconds is 540, and was 60"
    assert list(policy_changes(policy, None)) == []

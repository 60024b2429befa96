from datetime import UTC, date, datetime, timedelta

import pytest

from services.cli.domain.policy import PolicyError, default_policy, policy_of

POLLS = [("S01-01", date(2024, 5, 13))]


def test_the_default_is_nine_to_nine_in_india_with_a_half_hour_wait() -> None:
    policy = default_policy(POLLS)
    assert policy.time_zone == "Asia/Kolkata"
    assert (policy.opens, policy.closes) == (timedelta(hours=9), timedelta(hours=21))
    assert (policy.max_wait, policy.wrap_up) == (timedelta(minutes=30), timedelta(seconds=120))
    assert not policy.required


def test_a_seat_is_silent_for_the_48_hours_before_its_poll_closes() -> None:
    (window,) = default_policy(POLLS).silence_windows
    assert window.until_at == datetime(2024, 5, 13, 12, 30, tzinfo=UTC)
    assert window.until_at - window.from_at == timedelta(hours=48)


def test_a_file_changes_what_it_names_and_nothing_else() -> None:
    fields = {"opens": "10:30", "max_wait_minutes": 5, "required": True, "closes": "24:00"}
    policy = policy_of(fields, POLLS)
    assert (policy.opens, policy.closes) == (timedelta(hours=10.5), timedelta(hours=24))
    assert policy.max_wait == timedelta(minutes=5)
    assert policy.required
    assert policy.wrap_up == timedelta(seconds=120)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Mars/Base"),
        ("time_zone", "../etc"),
        ("opens", "9"),
        ("opens", "09:60"),
        ("opens", 9),
        ("closes", "24:01"),
        ("closes", "08:00"),
        ("max_wait_minutes", 0),
        ("max_wait_minutes", True),
        ("max_wait_minutes", "5"),
        ("wrap_up_seconds", 3601),
        ("required", 1),
        ("colour", "red"),
    ],
)
def test_a_field_that_cannot_be_is_named(field: str, value: object) -> None:
    with pytest.raises(PolicyError, match=f"^{field}: "):
        policy_of({field: value}, POLLS)

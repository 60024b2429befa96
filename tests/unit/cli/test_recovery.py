from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.cli.domain.recovery import (
    Fate,
    Known,
    OrderSeen,
    Verdict,
    Withdrawn,
    judge,
    quiet_until,
    stops_in_force,
)

NOW = datetime(2026, 2, 10, 11, tzinfo=UTC)
QUIET = quiet_until(NOW, calls_over=False)
EARLIER, LATER = NOW - timedelta(minutes=5), NOW + timedelta(minutes=5)
MUCH_LATER = NOW + timedelta(hours=9)
NOBODY = Withdrawn(frozenset(), frozenset())
PERSON = b"p" * 16


def known(place: str, **changes: Any) -> Known:
    fields: dict[str, Any] = {
        "session_id": None,
        "centre_id": "C001",
        "attempt": None,
        "moved_at": EARLIER,
        "waits_since": EARLIER,
        "due_at": None,
        "not_before": None,
        "has_text": True,
        "in_call": False,
        "is_released": False,
        "person_key": PERSON,
        **changes,
    }
    return Known("c-1", 1, place, **fields)


def verdict(place: str, *, withdrawn: Withdrawn = NOBODY, **changes: Any) -> Verdict:
    return judge(known(place, **changes), withdrawn, NOW, QUIET)


@pytest.mark.parametrize("place", ["routed", "queued", "offered"])
def test_what_waited_is_released_when_a_call_that_nobody_recorded_would_be_over(place: str) -> None:
    assert verdict(place) == Verdict(Fate.RELEASE, NOW + timedelta(hours=1, seconds=45))


def test_what_waited_is_released_at_once_when_somebody_knows_that_all_calls_are_over() -> None:
    quiet = quiet_until(NOW, calls_over=True)
    assert judge(known("queued"), NOBODY, NOW, quiet) == Verdict(Fate.RELEASE, NOW)


@pytest.mark.parametrize("place", ["confirmed", "on_call", "wrap_up"])
def test_who_may_have_been_talked_to_is_left_to_a_human(place: str) -> None:
    assert verdict(place) == Verdict(Fate.HUMAN)


@pytest.mark.parametrize("place", ["held", "queued", "returned", "ended"])
def test_a_contact_with_an_open_call_of_another_release_is_left_to_a_human(place: str) -> None:
    assert verdict(place, in_call=True, due_at=EARLIER) == Verdict(Fate.HUMAN)


@pytest.mark.parametrize("place", ["held", "returned", "ended"])
def test_what_is_due_in_the_bank_is_released_from_its_due_time_on(place: str) -> None:
    assert verdict(place, due_at=EARLIER) == Verdict(Fate.RELEASE, EARLIER)


@pytest.mark.parametrize("place", ["queued", "held", "returned", "ended"])
def test_nothing_is_released_before_an_earlier_call_must_be_over(place: str) -> None:
    found = verdict(place, due_at=EARLIER, not_before=MUCH_LATER)
    assert found == Verdict(Fate.RELEASE, MUCH_LATER)


def test_a_hold_that_lasts_goes_on_in_the_bank() -> None:
    assert verdict("held", due_at=LATER) == Verdict(Fate.LATER, LATER)


def test_a_hold_until_an_event_is_released_and_the_router_judges_again() -> None:
    assert verdict("held") == Verdict(Fate.RELEASE, NOW)


@pytest.mark.parametrize("place", ["ended", "refused"])
def test_what_is_over_is_never_called(place: str) -> None:
    assert verdict(place) == Verdict(Fate.NEVER)


def test_what_an_earlier_loss_left_to_a_human_stays_with_one() -> None:
    assert verdict("returned") == Verdict(Fate.HUMAN)


def test_what_the_bank_had_just_released_may_be_on_a_call_like_all_that_waits() -> None:
    assert verdict("returned", is_released=True) == Verdict(Fate.RELEASE, QUIET)


@pytest.mark.parametrize(
    "place", ["routed", "queued", "offered", "confirmed", "on_call", "wrap_up", "held", "returned"]
)
@pytest.mark.parametrize(
    "withdrawn",
    [Withdrawn({PERSON}, frozenset()), Withdrawn(frozenset(), {"c-1"})],
    ids=["person", "contact"],
)
def test_who_is_withdrawn_is_never_called(place: str, withdrawn: Withdrawn) -> None:
    assert verdict(place, withdrawn=withdrawn, due_at=EARLIER) == Verdict(Fate.NEVER)


@pytest.mark.parametrize("place", ["queued", "held", "returned", "ended"])
def test_what_is_not_known_by_its_text_is_left_to_its_sender(place: str) -> None:
    assert verdict(place, has_text=False, due_at=EARLIER) == Verdict(Fate.SENDER)


def test_a_call_without_text_is_still_left_to_a_human() -> None:
    assert verdict("on_call", has_text=False) == Verdict(Fate.HUMAN)


def test_a_stop_holds_while_one_partition_has_not_lifted_it() -> None:
    seen = [
        OrderSeen(0, 2, "rehearsal", lifted=False),
        OrderSeen(0, 3, "S24-35", lifted=False),
        OrderSeen(0, 4, "C001", lifted=False),
        OrderSeen(0, 4, "C001", lifted=True),
        OrderSeen(1, 2, "rehearsal", lifted=False),
        OrderSeen(1, 2, "rehearsal", lifted=True),
        OrderSeen(1, 4, "C001", lifted=False),
        OrderSeen(1, 4, "C001", lifted=True),
    ]
    assert stops_in_force(seen) == [(2, "rehearsal"), (3, "S24-35")]

from typing import Any

import pytest

from services.router.domain.contact import ContactId, ForeignSource, PersonKey
from services.router.domain.dedupe import Seen
from services.router.domain.gate import BUSY_MS, View, rule_on
from services.router.domain.ruling import Held, HeldReason, Outcome, Refused, RefusedReason, Routed
from services.router.domain.stops import Stops, StopScope
from services.router.domain.withdrawals import Suppressions, Withdrawal, WithdrawalKind
from tests.unit.router.values import (
    CLOSES_MS,
    DAY_MS,
    ELEVEN_MS,
    HOUR_MS,
    OPENS_MS,
    WINDOW_MS,
    contact,
    rules,
    table,
    view,
)

MIDNIGHT_MS = ELEVEN_MS - 11 * HOUR_MS
CLOSING_MS = MIDNIGHT_MS + CLOSES_MS
OPENING_MS = MIDNIGHT_MS + OPENS_MS


def outcome_of(at_ms: int = ELEVEN_MS, under: View | None = None, **changes: Any) -> Outcome:
    return rule_on(contact(**changes), at_ms, under or view(), Seen(WINDOW_MS)).outcome


def test_a_contact_in_calling_hours_goes_to_the_home_centre_of_its_seat() -> None:
    ruling = rule_on(contact(), ELEVEN_MS, view(), Seen(WINDOW_MS))
    assert ruling.outcome == Routed("C001", 3, CLOSING_MS)
    assert (ruling.seat_id, ruling.map_version, ruling.policy_version) == ("S24-35", 1, 7)
    assert ruling.contact == contact()


def test_a_segment_alone_names_the_seat() -> None:
    ruling = rule_on(
        contact(seat_id="", segment_id="S24-AC173"), ELEVEN_MS, view(), Seen(WINDOW_MS)
    )
    assert ruling.outcome == Routed("C002", 5, CLOSING_MS)
    assert ruling.seat_id == "S24-36"


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"seat_id": "S99-01"}, Refused(RefusedReason.UNKNOWN_SEAT, "seat_id")),
        ({"segment_id": "S99-AC001"}, Refused(RefusedReason.UNKNOWN_SEGMENT, "segment_id")),
        ({"segment_id": "S24-AC173"}, Refused(RefusedReason.SEAT_MISMATCH, "segment_id")),
        ({"valid_until_ms": ELEVEN_MS - 1}, Refused(RefusedReason.RELEASE_EXPIRED, "valid_until")),
    ],
)
def test_a_place_or_time_that_does_not_hold_is_refused(
    changes: dict[str, Any], refused: Refused
) -> None:
    ruling = rule_on(contact(**changes), ELEVEN_MS, view(), Seen(WINDOW_MS))
    assert ruling.outcome == refused
    assert ruling.contact == contact(**changes, sealed=b"")
    assert ruling.seat_id == ""


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("contact_id", "", "contact_id"),
        ("contact_id", "c" * 65, "contact_id"),
        ("contact_id", "a\x00b", "contact_id"),
        ("release", 0, "release"),
        ("release", 2**64 - 1, "release"),
        ("valid_until_ms", None, "valid_until"),
        ("valid_until_ms", -1, "valid_until"),
        ("valid_until_ms", ELEVEN_MS + WINDOW_MS + 1, "valid_until"),
        ("person_key", b"short", "person_key"),
        ("person_key", b"p" * 17, "person_key"),
        ("seat_id", "", "seat_id"),
        ("seat_id", "S" * 65, "seat_id"),
        ("segment_id", "line\nbreak", "segment_id"),
        ("language", "languages", "language"),
        ("priority", 10, "priority"),
        ("campaign", "c" * 65, "campaign"),
        ("due_at_ms", -1, "due_at"),
        ("due_at_ms", ELEVEN_MS + 367 * DAY_MS, "due_at"),
        ("sealed", b"", "sealed"),
        ("sealed", b"s" * 4097, "sealed"),
        ("source", ForeignSource(0, 2**64 - 1), "source"),
    ],
)
def test_a_field_outside_its_bounds_is_refused_by_name(field: str, value: Any, named: str) -> None:
    assert outcome_of(**{field: value}) == Refused(RefusedReason.INVALID_FIELD, named)


@pytest.mark.parametrize("field", ["contact_id", "seat_id", "segment_id", "language", "campaign"])
def test_a_field_of_a_megabyte_is_cut_before_it_reaches_the_log(field: str) -> None:
    ruling = rule_on(contact(**{field: "x" * 1_000_000}), ELEVEN_MS, view(), Seen(WINDOW_MS))
    assert ruling.outcome == Refused(RefusedReason.INVALID_FIELD, field)
    assert len(getattr(ruling.contact, field)) <= 64
    assert getattr(ruling.contact, field).endswith("…")
    assert ruling.contact.sealed == b""


def test_a_release_that_was_ruled_before_is_a_duplicate() -> None:
    seen = Seen(WINDOW_MS)
    seen.slice_at(ELEVEN_MS).add("contact-1/1")
    assert rule_on(contact(), ELEVEN_MS, view(), seen).outcome == Refused(RefusedReason.DUPLICATE)
    assert isinstance(rule_on(contact(release=2), ELEVEN_MS, view(), seen).outcome, Routed)


def test_a_duplicate_is_told_before_anything_else_is_looked_at() -> None:
    seen = Seen(WINDOW_MS)
    seen.slice_at(ELEVEN_MS).add("contact-1/1")
    late = contact(valid_until_ms=ELEVEN_MS - 1, campaign="c" * 1000)
    ruling = rule_on(late, ELEVEN_MS, view(), seen)
    assert ruling.outcome == Refused(RefusedReason.DUPLICATE)
    assert len(ruling.contact.campaign) <= 64


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (WithdrawalKind.OPT_OUT, RefusedReason.OPTED_OUT),
        (WithdrawalKind.ERASE, RefusedReason.ERASED),
        (WithdrawalKind.RECALL, RefusedReason.RECALLED),
    ],
)
def test_a_withdrawn_person_is_refused(kind: WithdrawalKind, reason: RefusedReason) -> None:
    suppressions = Suppressions()
    suppressions.apply(Withdrawal(kind, PersonKey(b"p" * 16), ContactId("")))
    assert outcome_of(under=view(suppressions=suppressions)) == Refused(reason)
    other = outcome_of(under=view(suppressions=suppressions), person_key=b"q" * 16)
    assert isinstance(other, Routed)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (WithdrawalKind.OPT_OUT, RefusedReason.OPTED_OUT),
        (WithdrawalKind.RECALL, RefusedReason.RECALLED),
    ],
)
def test_a_withdrawn_contact_is_refused_and_other_contacts_are_not(
    kind: WithdrawalKind, reason: RefusedReason
) -> None:
    suppressions = Suppressions()
    withdrawal = Withdrawal(kind, PersonKey(b""), ContactId("contact-1"))
    suppressions.apply(withdrawal)
    suppressions.apply(withdrawal)
    under = view(suppressions=suppressions)
    assert outcome_of(under=under) == Refused(reason)
    assert isinstance(outcome_of(under=under, contact_id="contact-2"), Routed)


@pytest.mark.parametrize(
    "scoped",
    [
        (StopScope.ALL, ""),
        (StopScope.SEAT, "S24-35"),
        (StopScope.CENTRE, "C001"),
        (StopScope.CAMPAIGN, "survey"),
    ],
)
def test_a_stopped_contact_is_held_until_the_stop_is_lifted(scoped: tuple[StopScope, str]) -> None:
    stops = Stops().stopped((StopScope.SEAT, "S24-36")).stopped(scoped)
    assert outcome_of(under=view(stops=stops)) == Held(HeldReason.STOPPED)
    assert isinstance(outcome_of(under=view(stops=stops.resumed(scoped))), Routed)


def test_a_contact_of_a_closed_centre_waits_for_a_map() -> None:
    assert outcome_of(under=view(seats=table(closed=True))) == Held(HeldReason.CENTRE_CLOSED)


def test_a_contact_that_is_not_due_is_held_until_it_is() -> None:
    assert outcome_of(due_at_ms=ELEVEN_MS + 1) == Held(HeldReason.NOT_DUE, ELEVEN_MS + 1)
    assert isinstance(outcome_of(due_at_ms=ELEVEN_MS), Routed)


@pytest.mark.parametrize(
    ("at_ms", "expected"),
    [
        (OPENING_MS - 1, Held(HeldReason.CALLING_HOURS, OPENING_MS)),
        (OPENING_MS, Routed("C001", 3, CLOSING_MS)),
        (CLOSING_MS - 1, Routed("C001", 3, CLOSING_MS)),
        (CLOSING_MS, Held(HeldReason.CALLING_HOURS, OPENING_MS + DAY_MS)),
        (MIDNIGHT_MS, Held(HeldReason.CALLING_HOURS, OPENING_MS)),
    ],
)
def test_calling_hours_begin_at_their_first_instant_and_end_before_their_last(
    at_ms: int, expected: Outcome
) -> None:
    assert outcome_of(at_ms, valid_until_ms=at_ms + WINDOW_MS) == expected


def test_a_silent_seat_is_held_until_the_silence_ends_and_its_neighbour_is_not() -> None:
    policy = rules(("S24-35", ELEVEN_MS, ELEVEN_MS + HOUR_MS))
    held = Held(HeldReason.SILENCE_WINDOW, ELEVEN_MS + HOUR_MS)
    assert outcome_of(under=view(policy=policy)) == held
    assert isinstance(outcome_of(under=view(policy=policy), seat_id="S24-36"), Routed)
    later = outcome_of(ELEVEN_MS + HOUR_MS, under=view(policy=policy))
    assert isinstance(later, Routed)


def test_allow_until_ends_where_the_next_silence_begins() -> None:
    policy = rules(("S24-35", ELEVEN_MS + HOUR_MS, ELEVEN_MS + 2 * HOUR_MS))
    assert outcome_of(under=view(policy=policy)) == Routed("C001", 3, ELEVEN_MS + HOUR_MS)


def test_allow_until_ends_with_the_release() -> None:
    assert outcome_of(valid_until_ms=ELEVEN_MS + 5) == Routed("C001", 3, ELEVEN_MS + 5)


def test_a_rehearsal_s_offset_moves_the_rules_and_not_the_times_of_the_log() -> None:
    night_ms = ELEVEN_MS + 12 * HOUR_MS
    offset_ms = -400 * DAY_MS - 12 * HOUR_MS
    under = view(policy_offset_ms=offset_ms)
    routed = outcome_of(night_ms, under, valid_until_ms=night_ms + WINDOW_MS)
    assert routed == Routed("C001", 3, night_ms + 10 * HOUR_MS)
    held = outcome_of(ELEVEN_MS, under)
    assert held == Held(HeldReason.CALLING_HOURS, ELEVEN_MS + 10 * HOUR_MS)


def share_held(share: float) -> float:
    outcomes = [
        rule_on(contact(contact_id=f"c{n}"), ELEVEN_MS, view(), Seen(WINDOW_MS), {3: share}).outcome
        for n in range(1_000)
    ]
    held = [each for each in outcomes if each == Held(HeldReason.BUSY, ELEVEN_MS + BUSY_MS)]
    assert len(held) + sum(isinstance(each, Routed) for each in outcomes) == len(outcomes)
    return len(held) / len(outcomes)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_the_share_that_a_dispatcher_cannot_take_is_held_for_a_minute(share: float) -> None:
    assert share_held(share) == pytest.approx(share, abs=0.05)


def test_who_is_held_once_is_not_held_at_each_release() -> None:
    held = [
        rule_on(contact(release=n), ELEVEN_MS, view(), Seen(WINDOW_MS), {3: 0.5}).outcome
        for n in range(1, 20)
    ]
    assert {type(each) for each in held} == {Held, Routed}


def test_what_another_partition_cannot_take_is_nothing_to_this_one() -> None:
    ruling = rule_on(contact(), ELEVEN_MS, view(), Seen(WINDOW_MS), {4: 0.95})
    assert isinstance(ruling.outcome, Routed)


def test_what_would_not_be_routed_anyway_keeps_its_reason() -> None:
    closed = view(seats=table(closed=True))
    ruling = rule_on(contact(), ELEVEN_MS, closed, Seen(WINDOW_MS), {3: 0.95})
    assert ruling.outcome == Held(HeldReason.CENTRE_CLOSED)

"""The rules that one contact must pass, in their order: the heart of the router.

Called only with a map and a policy that are fresh: unknown, missing or stale means no, and then
the router does not rule at all (rule 2.3). Stops, suppressions, hours and silence are asked again
at offer and confirm; what passes here may still be stopped there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from zlib import crc32

from services.router.domain.contact import (
    Contact,
    SeatId,
    cut,
    field_problem,
    identity_problem,
)
from services.router.domain.dedupe import Seen, key_of
from services.router.domain.policy import (
    PolicyRules,
    hours_of_day,
    next_opening_ms,
    silence_around,
)
from services.router.domain.ruling import (
    Held,
    HeldReason,
    Outcome,
    Refused,
    RefusedReason,
    Routed,
    Ruling,
)
from services.router.domain.seat_table import SeatTable
from services.router.domain.stops import Stops
from services.router.domain.withdrawals import Suppressions

BUSY_MS = 60_000
"""A contact that a dispatcher cannot take is due again after this."""
NOTHING_UNWANTED: Mapping[int, float] = MappingProxyType({})
_NO_SEAT = SeatId("")
_UNCHECKED = (RefusedReason.INVALID_FIELD, RefusedReason.DUPLICATE, RefusedReason.RECORDED)
"""Refused before all fields were found to keep their bounds."""


@dataclass(frozen=True, slots=True)
class View:
    """What a ruling is made under, all of it fresh."""

    seats: SeatTable
    policy: PolicyRules
    stops: Stops
    suppressions: Suppressions
    policy_offset_ms: int = 0
    """Policy time is broker time plus this; only a rehearsal has one."""


def rule_on(
    contact: Contact,
    at_ms: int,
    view: View,
    seen: Seen,
    unwanted: Mapping[int, float] = NOTHING_UNWANTED,
) -> Ruling:
    """Rule on one contact: exactly one outcome, whatever its fields hold.

    Args:
        contact: Entry of a contacts record.
        at_ms: Broker time of the record that will carry the ruling (rule 3.3).
        view: Map, policy, stops and suppressions in use.
        seen: Releases ruled before, not changed here; its window is the longest `valid_until`.
        unwanted: Share of the contacts for a partition that its dispatcher cannot take now.
    """
    refused = _refused_arrival(contact, at_ms, seen) or _refused_person(contact, view)
    if refused is not None:
        return _refusal(contact, at_ms, view, seen, refused)
    seat_id = _seat_of(contact, view.seats)
    if isinstance(seat_id, Refused):
        return _refusal(contact, at_ms, view, seen, seat_id)
    outcome = _placed(contact, seat_id, at_ms, view)
    if isinstance(outcome, Routed) and _is_unwanted(contact, unwanted.get(outcome.partition)):
        outcome = Held(HeldReason.BUSY, at_ms + BUSY_MS)
    return Ruling(contact, seat_id, view.seats.version, view.policy.version, outcome)


def _is_unwanted(contact: Contact, share: float | None) -> bool:
    """Choose by release, evenly: whoever is held once is not held again for who he is."""
    if not share:
        return False
    return crc32(f"{contact.contact_id}/{contact.release}".encode()) < share * 2**32


def _refused_arrival(contact: Contact, at_ms: int, seen: Seen) -> Refused | None:
    problem = identity_problem(contact)
    if problem is None and key_of(contact) in seen:
        return Refused(RefusedReason.DUPLICATE)
    if problem is None and contact.recorded:
        return Refused(RefusedReason.RECORDED)
    problem = problem or field_problem(contact, at_ms, seen.window_ms)
    if problem is not None:
        return Refused(RefusedReason.INVALID_FIELD, problem)
    if _valid_until_ms(contact) < at_ms:
        return Refused(RefusedReason.RELEASE_EXPIRED, "valid_until")
    return None


def _refused_person(contact: Contact, view: View) -> Refused | None:
    suppressions = view.suppressions
    # The strongest order first: an erased person is not called "opted out".
    if contact.person_key in suppressions.erased:
        return Refused(RefusedReason.ERASED)
    if (
        contact.person_key in suppressions.opted_out
        or contact.contact_id in suppressions.opted_out_contacts
    ):
        return Refused(RefusedReason.OPTED_OUT)
    if (
        contact.contact_id in suppressions.recalled
        or contact.person_key in suppressions.recalled_persons
    ):
        return Refused(RefusedReason.RECALLED)
    return None


def _seat_of(contact: Contact, seats: SeatTable) -> SeatId | Refused:
    seat_id = contact.seat_id
    if seat_id and seat_id not in seats.home:
        return Refused(RefusedReason.UNKNOWN_SEAT, "seat_id")
    if not contact.segment_id:
        return seat_id
    parent = seats.seat_of_segment.get(contact.segment_id)
    if parent is None:
        return Refused(RefusedReason.UNKNOWN_SEGMENT, "segment_id")
    if seat_id and parent != seat_id:
        return Refused(RefusedReason.SEAT_MISMATCH, "segment_id")
    return parent


def _placed(contact: Contact, seat_id: SeatId, at_ms: int, view: View) -> Outcome:
    centre = view.seats.home[seat_id]
    if view.stops.cover(contact.campaign, seat_id, centre.centre_id):
        return Held(HeldReason.STOPPED)
    if centre.closed:
        return Held(HeldReason.CENTRE_CLOSED)
    if contact.due_at_ms is not None and contact.due_at_ms > at_ms:
        return Held(HeldReason.NOT_DUE, contact.due_at_ms)
    until_ms = _callable_until_ms(seat_id, at_ms, view)
    if isinstance(until_ms, Held):
        return until_ms
    allow_until_ms = min(until_ms, _valid_until_ms(contact))
    return Routed(centre.centre_id, centre.partition, allow_until_ms)


def _callable_until_ms(seat_id: SeatId, at_ms: int, view: View) -> int | Held:
    """Return until when a seat may be called from now on, or how long it may not."""
    policy, offset_ms = view.policy, view.policy_offset_ms
    policy_ms = at_ms + offset_ms
    silence = silence_around(policy, seat_id, policy_ms)
    if silence is not None and silence.begins_ms <= policy_ms:
        return Held(HeldReason.SILENCE_WINDOW, silence.ends_ms - offset_ms)
    hours = hours_of_day(policy, policy_ms)
    if not hours.begins_ms <= policy_ms < hours.ends_ms:
        return Held(HeldReason.CALLING_HOURS, next_opening_ms(policy, policy_ms) - offset_ms)
    ends_ms = hours.ends_ms if silence is None else min(hours.ends_ms, silence.begins_ms)
    return ends_ms - offset_ms


def _valid_until_ms(contact: Contact) -> int:
    # `field_problem` refuses a contact without one before anybody asks.
    return contact.valid_until_ms or 0


def _refusal(contact: Contact, at_ms: int, view: View, seen: Seen, refused: Refused) -> Ruling:
    if refused.reason in _UNCHECKED:
        shown = cut(contact, at_ms, seen.window_ms)
    else:
        shown = replace(contact, sealed=b"")
    return Ruling(shown, _NO_SEAT, view.seats.version, view.policy.version, refused)

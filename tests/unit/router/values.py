from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from services.router.domain.contact import (
    CampaignId,
    Contact,
    ContactId,
    PersonKey,
    SeatId,
    SegmentId,
)
from services.router.domain.dedupe import Seen, evolve
from services.router.domain.gate import View, rule_on
from services.router.domain.policy import PolicyRules, Span, policy_rules
from services.router.domain.ruling import Ruling
from services.router.domain.seat_table import Centre, CentreId, Seat, SeatTable, seat_table
from services.router.domain.stops import Stops
from services.router.domain.withdrawals import Suppressions

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
WINDOW_MS = DAY_MS
ELEVEN_MS = round(datetime(2031, 3, 4, 5, 30, tzinfo=UTC).timestamp() * 1000)
"""11:00 in Asia/Kolkata."""
OPENS_MS, CLOSES_MS = 9 * HOUR_MS, 21 * HOUR_MS

_CONTACT = Contact(
    contact_id=ContactId("contact-1"),
    release=1,
    valid_until_ms=ELEVEN_MS + 12 * HOUR_MS,
    person_key=PersonKey(b"p" * 16),
    seat_id=SeatId("S24-35"),
    segment_id=SegmentId(""),
    language="hi",
    priority=5,
    campaign=CampaignId("survey"),
    due_at_ms=None,
    sealed=b"sealed text",
)


def contact(**changes: Any) -> Contact:
    return replace(_CONTACT, **changes)


def ruled(seen: Seen, contacts: Iterable[Contact], at_ms: int, under: View) -> list[Ruling]:
    """Rule on contacts one after the other, each ruling folded before the next."""
    rulings = []
    for each in contacts:
        ruling = rule_on(each, at_ms, under, seen)
        evolve(seen, [ruling], at_ms)
        rulings.append(ruling)
    return rulings


def centre(centre_id: str, partition: int = 0, *, closed: bool = False) -> Centre:
    return Centre(CentreId(centre_id), partition, closed, frozenset({"hi"}))


def seat(seat_id: str, centre_id: str, *segment_ids: str) -> Seat:
    return Seat(SeatId(seat_id), CentreId(centre_id), tuple(map(SegmentId, segment_ids)))


def table(version: int = 1, *, closed: bool = False) -> SeatTable:
    return seat_table(
        version,
        [centre("C001", 3, closed=closed), centre("C002", 5)],
        [
            seat("S24-35", "C001", "S24-AC171", "S24-AC172"),
            seat("S24-36", "C002", "S24-AC173"),
        ],
    )


def rules(*silences: tuple[str, int, int], zone: str = "Asia/Kolkata") -> PolicyRules:
    spans = [(SeatId(seat_id), Span(begins, ends)) for seat_id, begins, ends in silences]
    return policy_rules(7, zone, (OPENS_MS, CLOSES_MS), spans)


def view(
    *,
    seats: SeatTable | None = None,
    policy: PolicyRules | None = None,
    stops: Stops | None = None,
    suppressions: Suppressions | None = None,
    policy_offset_ms: int = 0,
) -> View:
    return View(
        seats or table(),
        policy or rules(),
        stops or Stops(),
        suppressions or Suppressions(),
        policy_offset_ms,
    )

"""Rules of calling: the hours of the day and the silence around polls, in policy time.

Policy time is broker time plus an offset that only rehearsals set. Nothing here knows the offset:
`gate` turns the answers back into broker time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.router.domain.contact import SeatId

DAY_MS = 24 * 3_600_000
_MINUTE_MS = 60_000


class InvalidPolicyError(Exception):
    """A policy cannot be followed; the message names the field and the remedy."""


@dataclass(frozen=True, slots=True)
class Span:
    """From one instant up to, but not including, another; policy time."""

    begins_ms: int
    ends_ms: int


@dataclass(frozen=True, slots=True)
class PolicyRules:
    """One version of the rules. Build it with `policy_rules`, which checks it."""

    version: int
    zone: ZoneInfo
    opens_ms: int
    """Since midnight."""
    closes_ms: int
    """Since midnight."""
    silences: Mapping[SeatId, tuple[Span, ...]]
    """Apart from each other and rising, for each seat that has any."""


def policy_rules(
    version: int,
    time_zone: str,
    hours_ms: tuple[int, int],
    silences: Iterable[tuple[SeatId, Span]],
) -> PolicyRules:
    """Return the rules of a policy.

    Args:
        version: Version of the policy, from 1.
        time_zone: IANA name of the zone of the hours.
        hours_ms: Start and end of calling hours since midnight, within one day.
        silences: Silence windows, in any order; they may overlap.

    Raises:
        InvalidPolicyError: A value is missing or cannot be followed.
    """
    if version < 1:
        raise InvalidPolicyError("version is 0; publish the policy with a version from 1 on")
    opens_ms, closes_ms = hours_ms
    if not 0 <= opens_ms < closes_ms <= DAY_MS:
        raise InvalidPolicyError("opens and closes: give hours with 0 <= opens < closes <= 24 h")
    by_seat: dict[SeatId, list[Span]] = {}
    for seat_id, span in silences:
        if span.begins_ms >= span.ends_ms:
            raise InvalidPolicyError(
                f"silence window of seat {seat_id}: `until` is not after `from`"
            )
        by_seat.setdefault(seat_id, []).append(span)
    merged = {seat_id: _merged(spans) for seat_id, spans in by_seat.items()}
    return PolicyRules(version, _zone(time_zone), opens_ms, closes_ms, merged)


def hours_of_day(policy: PolicyRules, policy_ms: int) -> Span:
    """Return the calling hours of the local day in which an instant lies."""
    return _hours(policy.zone, policy.opens_ms, policy.closes_ms, policy_ms // _MINUTE_MS)


def next_opening_ms(policy: PolicyRules, policy_ms: int) -> int:
    """Return the first instant after this one at which calling hours begin."""
    today = hours_of_day(policy, policy_ms)
    if policy_ms < today.begins_ms:
        return today.begins_ms
    # A local day has 23 to 25 hours in every zone: from noon, 24 more lie on the next one.
    noon = today.begins_ms - policy.opens_ms + DAY_MS // 2
    return hours_of_day(policy, noon + DAY_MS).begins_ms


def silence_around(policy: PolicyRules, seat_id: SeatId, policy_ms: int) -> Span | None:
    """Return the silence that holds for a seat at an instant, or the next one to come."""
    for span in policy.silences.get(seat_id, ()):
        if policy_ms < span.ends_ms:
            return span
    return None


@lru_cache(maxsize=256)
def _hours(zone: ZoneInfo, opens_ms: int, closes_ms: int, minute: int) -> Span:
    # Remembered by the minute: zones shift on whole minutes, and asking one costs microseconds.
    local = datetime.fromtimestamp(minute * 60, UTC).astimezone(zone)
    return Span(_local_ms(local, opens_ms), _local_ms(local, closes_ms))


def _local_ms(day: datetime, since_midnight_ms: int) -> int:
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    # Wall-clock arithmetic: 09:00 stays 09:00 on the day of a shift.
    wall = midnight + timedelta(milliseconds=since_midnight_ms)
    return round(wall.timestamp() * 1000)


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda each: each.begins_ms):
        if merged and span.begins_ms <= merged[-1].ends_ms:
            last = merged.pop()
            span = Span(last.begins_ms, max(last.ends_ms, span.ends_ms))  # noqa: PLW2901
        merged.append(span)
    return tuple(merged)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InvalidPolicyError("time_zone: not an IANA zone name such as Asia/Kolkata") from None

"""The rules of calling that a stack starts with, and those that a file gives."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DEFAULT_ZONE = "Asia/Kolkata"
POLL_CLOSES = time(18, 0)
SILENCE = timedelta(hours=48)
"""Section 126, Representation of the People Act 1951: no election matter is to be put before the
public by such means in the 48 hours that end with the hour fixed for the conclusion of the poll."""

DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class SilenceWindow:
    """Times in which a seat is not called, in policy time."""

    seat_id: str
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules of calling, apart from their version."""

    time_zone: str
    opens: timedelta
    closes: timedelta
    max_wait: timedelta
    wrap_up: timedelta
    silence_windows: tuple[SilenceWindow, ...]
    required: bool = False


class PolicyError(ValueError):
    """A field of a policy cannot be; the message says which and what to give."""


def default_policy(poll_dates: Iterable[tuple[str, date]]) -> Policy:
    """Return the default rules, with the silence before each seat's poll."""
    return policy_of({}, poll_dates)


def policy_of(fields: Mapping[str, object], poll_dates: Iterable[tuple[str, date]]) -> Policy:
    """Return the default rules, changed by the fields of a file.

    Args:
        fields: `time_zone`, `opens` and `closes` (`HH:MM`), `max_wait_minutes`, `wrap_up_seconds`,
            `required`.
        poll_dates: Seat and day of its poll.

    Raises:
        PolicyError: A field is unknown, of the wrong type or outside its range.
    """
    reader = _Fields(dict(fields))
    zone = reader.zone()
    policy = Policy(
        time_zone=zone.key,
        opens=reader.clock("opens", "09:00"),
        closes=reader.clock("closes", "21:00"),
        max_wait=timedelta(minutes=reader.number("max_wait_minutes", 30, DAY_MINUTES)),
        wrap_up=timedelta(seconds=reader.number("wrap_up_seconds", 120, 3600)),
        silence_windows=tuple(_window(seat_id, day, zone) for seat_id, day in poll_dates),
        required=reader.flag("required"),
    )
    reader.finish()
    if policy.opens >= policy.closes:
        raise PolicyError("closes: calling hours end before they begin; give a later time")
    return policy


def _window(seat_id: str, day: date, zone: ZoneInfo) -> SilenceWindow:
    until = datetime.combine(day, POLL_CLOSES, zone).astimezone(UTC)
    return SilenceWindow(seat_id, until - SILENCE, until)


class _Fields:
    """Takes fields one by one; what is left over is unknown."""

    def __init__(self, fields: dict[str, object]) -> None:
        self._fields = fields

    def zone(self) -> ZoneInfo:
        key = self._fields.pop("time_zone", DEFAULT_ZONE)
        try:
            return ZoneInfo(str(key))
        except (ValueError, OSError, LookupError) as error:
            raise PolicyError(
                f"time_zone: {key!r} is no IANA time zone; write it like {DEFAULT_ZONE}"
            ) from error

    def clock(self, field: str, default: str) -> timedelta:
        value = self._fields.pop(field, default)
        hours, colon, minutes = str(value).partition(":")
        if not (colon and hours.isdigit() and minutes.isdigit() and len(minutes) == len("00")):
            raise PolicyError(f"{field}: {value!r} is no time of day; write it as {default}")
        since_midnight = timedelta(hours=int(hours), minutes=int(minutes))
        if int(minutes) > 59 or since_midnight > timedelta(days=1):  # noqa: PLR2004 (a clock)
            raise PolicyError(f"{field}: {value!r} is no time of day; give 00:00 to 24:00")
        return since_midnight

    def number(self, field: str, default: int, most: int) -> int:
        value = self._fields.pop(field, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise PolicyError(f"{field}: {value!r} cannot be; give a number from 1 to {most}")
        return value

    def flag(self, field: str) -> bool:
        value = self._fields.pop(field, False)
        if not isinstance(value, bool):
            raise PolicyError(f"{field}: {value!r} is neither true nor false")
        return value

    def finish(self) -> None:
        if self._fields:
            raise PolicyError(
                f"{min(self._fields)}: no such field; known: time_zone, opens, closes, "
                "max_wait_minutes, wrap_up_seconds, required"
            )

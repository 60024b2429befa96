"""A moment as an operator writes it."""

import re
from datetime import datetime, timedelta

from services.cli.errors import NotDoneError

_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def since_ms(text: str, now: datetime) -> int:
    """Return the moment that a text means, in milliseconds since the Unix epoch, 0 at the least.

    Args:
        text: `2h`, or a time in ISO 8601, in the zone of `now` when it names none.
        now: The moment, with its zone.

    Raises:
        NotDoneError: It is neither.
    """
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago is not None:
            moment = now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        else:
            given = datetime.fromisoformat(text.strip())
            moment = given if given.tzinfo is not None else given.replace(tzinfo=now.tzinfo)
        return max(0, round(moment.timestamp() * 1000))
    except (ValueError, OverflowError):
        raise NotDoneError(
            f"--since: {text!r} is no time; write 2026-11-30T20:00, or how long ago: 30m, 2h, 7d"
        ) from None

"""When which contact arrives: an open model, fixed before the first one is sent.

Latencies are measured from these times, so a sender that falls behind makes them worse instead of
hiding it (coordinated omission).
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.simulator.domain.chance import Chance, between, one_of
from services.simulator.domain.places import Lottery, Seat

BURST_CENTRES = 5
BURST_PER_SESSION = 5
_BURST_AFTER_MS = 1_000.0
"""Into a load that has no warm-up."""
_FOREIGN_EVERY = 100
_WITH_LANGUAGE = 0.1
_WITH_PRIORITY = 0.2
_USUAL_PRIORITY = 5


class Part(enum.Enum):
    """Which part of the load a contact belongs to."""

    WARM_UP = "warm_up"
    MEASURED = "measured"
    BURST = "burst"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A contact to be sent at a fixed time."""

    number: int
    """Place in the plan, from 0."""
    at_ms: float
    """After the start of the load."""
    seat_id: str
    language: str
    priority: int
    foreign: bool
    """True when it comes as somebody else's JSON, through intake."""
    part: Part


@dataclass(frozen=True, slots=True)
class Load:
    """How much arrives, and for how long."""

    rate_per_s: float
    warm_up_ms: float
    measured_ms: float
    burst_per_session: int = BURST_PER_SESSION
    """Contacts at one instant for each caller session of a few centres; 0: no burst."""

    @property
    def until_ms(self) -> float:
        """End of the load."""
        return self.warm_up_ms + self.measured_ms


def plan_arrivals(
    load: Load, seats: Sequence[Seat], sessions: Mapping[str, int], chance: Chance
) -> list[Arrival]:
    """Fix all arrivals: a Poisson stream over all seats, and one burst on a few centres.

    The stream is Poisson given its counts: warm-up and measured part get exactly their rate, at
    independent uniform times, so that a seed decides when contacts come and not how many.

    The burst comes in the middle of the warm-up: its contacts wait on through the measured part,
    as is wanted, but what is measured is the steady rate. Inside the measured part it would be
    seven seconds' worth of the default load in one instant, and the percentiles of all others
    would be of its making. A load without a warm-up has it a second after its start.

    Args:
        load: Rate and times.
        seats: Every seat of the map.
        sessions: Caller sessions by centre id.
        chance: Seeded; the same gives the same plan.

    Returns:
        Arrivals in the order of their times, numbered from 0.
    """
    lottery = Lottery(seats)
    moments: list[tuple[float, Seat, Part]] = []
    parts = (
        (Part.WARM_UP, 0.0, load.warm_up_ms),
        (Part.MEASURED, load.warm_up_ms, load.until_ms),
    )
    for part, start_ms, end_ms in parts:
        count = round(load.rate_per_s * (end_ms - start_ms) / 1_000.0)
        moments += [
            (between(chance, start_ms, end_ms), lottery.draw(chance), part) for _ in range(count)
        ]
    moments += _burst(load, seats, sessions, chance)
    moments.sort(key=lambda moment: moment[0])
    return [_arrival(number, *moment, chance) for number, moment in enumerate(moments)]


def _burst(
    load: Load, seats: Sequence[Seat], sessions: Mapping[str, int], chance: Chance
) -> list[tuple[float, Seat, Part]]:
    at_ms = load.warm_up_ms / 2 or min(_BURST_AFTER_MS, load.measured_ms / 2)
    left = sorted(sessions)
    moments: list[tuple[float, Seat, Part]] = []
    for _ in range(min(BURST_CENTRES, len(left))):
        centre_id = left.pop(int(chance() * len(left)))
        lottery = Lottery(seat for seat in seats if seat.centre_id == centre_id)
        moments += [
            (at_ms, lottery.draw(chance), Part.BURST)
            for _ in range(load.burst_per_session * sessions[centre_id])
        ]
    return moments


def _arrival(number: int, at_ms: float, seat: Seat, part: Part, chance: Chance) -> Arrival:
    with_language = chance() < _WITH_LANGUAGE
    with_priority = chance() < _WITH_PRIORITY
    return Arrival(
        number=number,
        at_ms=at_ms,
        seat_id=seat.seat_id,
        language=one_of(chance, seat.languages) if with_language else "",
        priority=int(chance() * 10) if with_priority else _USUAL_PRIORITY,
        foreign=number % _FOREIGN_EVERY == _FOREIGN_EVERY // 2,
        part=part,
    )

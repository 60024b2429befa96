"""What was measured from outside: offers against the plan, outcomes against the store."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.simulator.domain.arrivals import Arrival, Part
from services.simulator.domain.calls import Attempt


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles of a sample, nearest rank; 0 of an empty one."""

    n: int
    p50: float
    p90: float
    p99: float
    max: float

    @classmethod
    def of(cls, sample: Sequence[float]) -> "Spread":
        """Rank a sample."""
        ranked = sorted(sample)
        return cls(len(ranked), *(percentile(ranked, share) for share in (0.5, 0.9, 0.99, 1.0)))


def percentile(ranked: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile of an ascending sequence, to a hundredth."""
    if not ranked:
        return 0.0
    return round(ranked[max(0, math.ceil(share * len(ranked)) - 1)], 2)


@dataclass(slots=True)
class Ranking:
    """A growing sample, ranked again and again at little more than the price of what is new."""

    sample: Sequence[float]
    """Only ever appended to."""
    _ranked: list[float] = field(default_factory=list)

    def spread(self) -> Spread:
        """Rank what there is by now."""
        self._ranked += self.sample[len(self._ranked) :]
        self._ranked.sort()  # a merge: all but the end is in order
        return Spread.of(self._ranked)


@dataclass(slots=True)
class Tally:
    """Sets the first offer of each contact that a desk read against the plan of arrivals.

    `offer_ms` runs from the later of the contact's scheduled send and its caller's becoming ready
    to the offer read at the stream; only contacts of the measured part that are not of the burst.
    """

    arrivals: Sequence[Arrival]
    run: str
    """Contacts of another, left over by a run that was interrupted, are in no plan."""
    started_ms: float = 0.0
    """Monotonic time of the plan's beginning."""
    offers: int = 0
    """All that were read, repeated ones too."""
    offered_at: Counter[str] = field(default_factory=Counter)
    """First offers by the seat of the contact."""
    waited: int = 0
    """Contacts whose caller became ready only after they were due."""
    offer_ms: list[float] = field(default_factory=list)
    foreign_offer_ms: list[float] = field(default_factory=list)
    """Of `offer_ms`, those that came through intake."""
    outcome_durable_ms: list[float] = field(default_factory=list)
    _offered: set[int] = field(default_factory=set)

    @property
    def reached(self) -> int:
        """Contacts that were offered to somebody."""
        return len(self._offered)

    def offered(self, attempt: Attempt, ready_ms: float, now_ms: float) -> None:
        """Note an offer that was read at `now_ms` by a caller ready since `ready_ms`."""
        self.offers += 1
        if not is_of(self.run, attempt.contact_id):
            return
        number = number_of(attempt.contact_id)
        if number in self._offered:
            return
        self._offered.add(number)
        arrival = self.arrivals[number]
        self.offered_at[arrival.seat_id] += 1
        due_ms = self.started_ms + arrival.at_ms
        self.waited += ready_ms > due_ms
        if arrival.part is Part.MEASURED:
            took_ms = now_ms - max(due_ms, ready_ms)
            self.offer_ms.append(took_ms)
            if arrival.foreign:
                self.foreign_offer_ms.append(took_ms)


def contact_id(run: str, number: int) -> str:
    """Name the contact of an arrival."""
    return f"{run}-{number:07d}"


def is_of(run: str, contact: str) -> bool:
    """Tell whether `contact_id` named the contact for this run."""
    return contact.startswith(f"{run}-")


def session_id(run: str, number: int) -> str:
    """Name a caller session of a run."""
    return f"{run}-s{number:05d}"


def number_of(contact: str) -> int:
    """Return the number that `contact_id` put in."""
    return int(contact.rpartition("-")[2])

"""Put all counts together and judge them by the rule of `docs/interfaces.md`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from services.simulator.domain.measure import Spread

OFFER_P50_MS = 8.0
OFFER_P99_MS = 50.0
DURABLE_P99_MS = 500.0
RSS_MB = 200.0
RATE_SHARE = 0.95
_NOT_PYTHON = ("kafka-", "postgres")
_NOT_JUDGED = ("simulator",)


@dataclass(frozen=True, slots=True)
class Counts:
    """Where the contacts of a run are."""

    contacts: int
    finished: int
    refused: int
    held: int
    returned: int
    open: int
    lost: int
    doubled: int

    @property
    def add_up(self) -> bool:
        """True when each contact was counted in exactly one place."""
        places = self.finished + self.refused + self.held + self.returned + self.open + self.lost
        return self.contacts == places

    @property
    def clean(self) -> bool:
        """True when nothing is lost, given twice or left over."""
        return self.add_up and not (self.lost or self.doubled or self.open)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run measured."""

    offer_ms: Spread
    outcome_durable_ms: Spread
    rss_mb: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for."""

    sessions: int
    rate_per_s: float
    wait: bool = True
    """Whether so many came at once that some had to wait."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of it."""

    sessions: int
    offers_per_second: float
    waited: int


def faults(counts: Counts, wanted: Wanted, seen: Seen) -> list[str]:
    """Name every reason why a run is not `ok`, with its figures."""
    checks = (
        (counts.add_up, f"contacts do not add up: {asdict(counts)}"),
        (counts.lost == 0, f"lost: {counts.lost}"),
        (counts.doubled == 0, f"doubled: {counts.doubled}"),
        (counts.open == 0, f"open: {counts.open}"),
        (seen.sessions == wanted.sessions, f"sessions: {seen.sessions} of {wanted.sessions}"),
        (
            seen.offers_per_second >= RATE_SHARE * wanted.rate_per_s,
            f"offers_per_second: {seen.offers_per_second} of {wanted.rate_per_s}",
        ),
        (seen.waited > 0 or not wanted.wait, "waited: no contact had to wait"),
    )
    return [fault for held, fault in checks if not held]


def bars(measured: Measured) -> dict[str, dict[str, float]]:
    """Return the bars that a run is held to, under the names of the figures they are for."""
    judged = [
        name
        for name in sorted(measured.rss_mb)
        if not name.startswith(_NOT_PYTHON) and name not in _NOT_JUDGED
    ]
    return {
        "offer_ms": {"p50": OFFER_P50_MS, "p99": OFFER_P99_MS},
        "outcome_durable_ms": {"p99": DURABLE_P99_MS},
        "rss_mb": dict.fromkeys(judged, RSS_MB),
    }


def bars_missed(measured: Measured) -> list[str]:
    """Name every performance bar that was missed, with its figures."""
    spreads = {
        "offer_ms": measured.offer_ms,
        "outcome_durable_ms": measured.outcome_durable_ms,
    }
    figures = {name: asdict(spread) for name, spread in spreads.items()}
    figures["rss_mb"] = dict(measured.rss_mb)
    missed = [
        f"{group}.{name}: {figures[group][name]:g} > {bar:g}"
        for group, limits in bars(measured).items()
        for name, bar in limits.items()
        if figures[group][name] > bar
    ]
    return missed + [
        f"{name}: nothing was measured" for name, spread in spreads.items() if spread.n == 0
    ]

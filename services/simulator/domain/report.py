"""The figures of a run under the names of `docs/interfaces.md`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from services.simulator.domain.census import Census
from services.simulator.domain.measure import Spread, Tally
from services.simulator.domain.verdict import (
    Counts,
    Measured,
    Seen,
    Wanted,
    bars,
    bars_missed,
    faults,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that was counted and measured."""

    counts: Counts
    census: Census
    tally: Tally
    centres: int
    """Centres that got an offer."""
    rss_mb: Mapping[str, float]
    audit_ok: bool
    stuck: int


def report(evidence: Evidence, wanted: Wanted, seconds: float) -> dict[str, Any]:
    """Judge a run and name its figures.

    Args:
        evidence: What came of it.
        wanted: What was asked for.
        seconds: Length of the measured part.
    """
    tally, census = evidence.tally, evidence.census
    measured = Measured(
        Spread.of(tally.offer_ms), Spread.of(tally.outcome_durable_ms), evidence.rss_mb
    )
    seen = Seen(census.sessions, round(census.offers_in_window / seconds, 2), tally.waited)
    wrong = faults(evidence.counts, wanted, seen)
    if not evidence.audit_ok:
        wrong.append("audit: it has findings; `seatline audit` names them")
    if evidence.stuck:
        wrong.append(f"stuck: {evidence.stuck} accepted offers were never answered")
    durable = measured.outcome_durable_ms
    return {
        "ok": not wrong,
        "bars_missed": bars_missed(measured),
        "bars": bars(measured),
        "faults": wrong,
        "centres": evidence.centres,
        "sessions": seen.sessions,
        **asdict(evidence.counts),
        "offers": census.offers,
        "confirmed": len(census.confirmed),
        "offers_per_second": seen.offers_per_second,
        "waited": seen.waited,
        "stuck": evidence.stuck,
        "offer_ms": asdict(measured.offer_ms),
        "offer_ms_foreign": asdict(Spread.of(tally.foreign_offer_ms)),
        "outcome_durable_ms": {"n": durable.n, "p50": durable.p50, "p99": durable.p99},
        "rss_mb": dict(evidence.rss_mb),
        "rate": wanted.rate_per_s,
        "seconds": seconds,
        "example": census.most_tried,
    }

"""Every metric of intake."""

from prometheus_client import CollectorRegistry, Counter, Histogram

_AGE_BUCKETS_S = (0.005, 0.01, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)


class IntakeMetrics:
    """What intake tells about itself; no person or contact in a label."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Declare the metrics in a registry."""
        self._records = Counter(
            "seatline_intake_records_total",
            "Foreign records handled, by what they became: a contact, or dead for a reason.",
            ["result"],
            registry=registry,
        )
        self._age = Histogram(
            "seatline_intake_age_seconds",
            "From the append of a foreign record to that of its contact, both in broker time.",
            buckets=_AGE_BUCKETS_S,
            registry=registry,
        )

    def counted(self, result: str, records: int) -> None:
        """Count records that became a contact, or dead letters of a reason."""
        self._records.labels(result).inc(records)

    def aged(self, age_ms: int) -> None:
        """Take the time from the append of a record to that of what it became."""
        self._age.observe(age_ms / 1000)

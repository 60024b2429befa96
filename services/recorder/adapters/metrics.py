"""Every metric of the recorder."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.recorder.ports import Recorded

BATCH_ROWS = (1, 10, 50, 100, 500, 1_000, 2_000, 5_000, 10_000, 20_000)
COMMIT_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.5, 1, 2, 5, 10)


class RecorderMetrics:
    """Counts what is recorded, and how long ago the logs' newest recorded record was written."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._rows = Counter(
            "seatline_recorder_rows_total", "Rows written.", ["table"], registry=registry
        )
        self._batch_rows = Histogram(
            "seatline_recorder_batch_rows",
            "Rows of one transaction, all tables.",
            buckets=BATCH_ROWS,
            registry=registry,
        )
        self._commit = Histogram(
            "seatline_recorder_commit_seconds",
            "Time of one transaction.",
            buckets=COMMIT_SECONDS,
            registry=registry,
        )
        self._lag = Gauge(
            "seatline_recorder_lag_seconds",
            "Age of the newest recorded record of the partition furthest behind; 0 at the end.",
            ["topic"],
            registry=registry,
        )
        self._conflicts = Counter(
            "seatline_recorder_conflicts_total",
            "Facts that broke a promise; see the table conflict.",
            registry=registry,
        )
        self._unpublished = Gauge(
            "seatline_recorder_withdrawals_unpublished",
            "Opt-outs given in calls that Kafka has not acknowledged as withdrawals.",
            registry=registry,
        )

    def recorded(self, recorded: Recorded, seconds: float) -> None:
        """Note a transaction; see `Meter.recorded`."""
        for table, rows in recorded.rows.items():
            self._rows.labels(table).inc(rows)
        self._batch_rows.observe(sum(recorded.rows.values()))
        self._commit.observe(seconds)
        self._conflicts.inc(len(recorded.conflicts))

    def unpublished(self, withdrawals: int) -> None:
        """Note what waits to be published; see `Meter.unpublished`."""
        self._unpublished.set(withdrawals)

    def watch_lag(self, topic: str, lag_s: Callable[[], float]) -> None:
        """Ask for a topic's lag at each scrape: a gauge that is set would freeze when we do."""
        self._lag.labels(topic).set_function(lag_s)

from prometheus_client import CollectorRegistry

from services.router.adapters.metrics import RouterMetrics
from services.router.domain.dedupe import Seen
from tests.unit.router.values import ELEVEN_MS, WINDOW_MS, contact, ruled, view


def test_rulings_are_counted_by_outcome_and_reason() -> None:
    registry = CollectorRegistry()
    metrics = RouterMetrics(registry)
    seen = Seen(WINDOW_MS)
    late = contact(contact_id="late", due_at_ms=ELEVEN_MS + 1)
    rulings = ruled(seen, [contact(), contact(), late], ELEVEN_MS, view())
    metrics.ruled(rulings, waited_ms=20)
    metrics.viewed(view())
    metrics.watch_dedupe(lambda: [seen])

    def read(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"seatline_router_{name}", labels)

    assert read("rulings_total", outcome="routed", reason="") == 1
    assert read("rulings_total", outcome="refused", reason="duplicate") == 1
    assert read("rulings_total", outcome="held", reason="not_due") == 1
    assert read("contacts_age_seconds_sum") == 0.02
    assert read("map_version") == 1
    assert read("policy_version") == 7
    assert read("dedupe_keys") == 2

from prometheus_client import CollectorRegistry

from services.intake.adapters.metrics import IntakeMetrics


def test_records_are_counted_by_what_they_became() -> None:
    registry = CollectorRegistry()
    metrics = IntakeMetrics(registry)
    metrics.counted("contact", 3)
    metrics.counted("unreadable", 1)
    metrics.aged(250)
    read = registry.get_sample_value
    assert read("seatline_intake_records_total", {"result": "contact"}) == 3
    assert read("seatline_intake_records_total", {"result": "unreadable"}) == 1
    assert read("seatline_intake_age_seconds_sum") == 0.25

"""Every metric of the gateway."""

import functools

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from typing_extensions import override

from services.gateway.ports import Tally

_AGE_EDGES_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics(Tally):
    """Declares and holds the metrics; counts what the rules decide."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.streams = Gauge("seatline_gateway_streams", "Open streams.", registry=registry)
        self.sessions = Gauge(
            "seatline_gateway_sessions", "Bindings that open streams hold.", registry=registry
        )
        self.frames = Counter(
            "seatline_gateway_frames_total", "Frames.", ["direction"], registry=registry
        )
        self.events = Counter(
            "seatline_gateway_events_total",
            "Wishes read and news queued, by kind.",
            ["kind"],
            registry=registry,
        )
        # Counted by the thousand a second: looking a label up costs more than counting.
        self.frames_in, self.frames_out = map(self.frames.labels, ("in", "out"))
        self.event = functools.cache(self.events.labels)
        self.commands = Counter(
            "seatline_gateway_commands_total", "Commands sent.", registry=registry
        )
        self.numbers_shown = Counter(
            "seatline_gateway_numbers_shown_total", "Numbers shown.", registry=registry
        )
        self.unseal_refused = Counter(
            "seatline_gateway_unseal_refused_total",
            "Confirmed numbers that were not shown.",
            ["reason"],
            registry=registry,
        )
        self.fact_age = Histogram(
            "seatline_gateway_fact_age_seconds",
            "From the append of a record of facts to its reading here.",
            registry=registry,
            buckets=_AGE_EDGES_S,
        )
        self.queue_depth = Gauge(
            "seatline_gateway_queue_depth",
            "News waiting in the fullest stream queue.",
            registry=registry,
        )
        self.commands_waiting = Gauge(
            "seatline_gateway_commands_waiting",
            "Commands that are not acknowledged yet.",
            registry=registry,
        )

    @override
    def number_shown(self) -> None:
        self.numbers_shown.inc()

    @override
    def not_shown(self, reason: str) -> None:
        self.unseal_refused.labels(reason).inc()

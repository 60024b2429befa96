"""Every metric of the router."""

import functools
from collections.abc import Callable, Iterable
from typing import assert_never

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.router.domain.dedupe import Seen
from services.router.domain.gate import View
from services.router.domain.ruling import Held, Outcome, Refused, Routed, Ruling

_AGE_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 3, 5, 10, 30, 60, 300)
"""With 5 and 30 ms (`offer_ms`), 1 s (promise 3) and 5 s (takeover) as edges."""


class RouterMetrics:
    """What the router tells about itself; no person, contact or seat in a label."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Declare the metrics in a registry."""
        rulings = Counter(
            "seatline_router_rulings_total",
            "Rulings written and read back, by outcome and reason.",
            ["outcome", "reason"],
            registry=registry,
        )
        # To find a label's child costs as much as to count with it, for each record anew.
        self._rulings_of = functools.cache(rulings.labels)
        self._age = Histogram(
            "seatline_router_contacts_age_seconds",
            "From the append of a contacts record to its rulings, both in broker time.",
            buckets=_AGE_BUCKETS_S,
            registry=registry,
        )
        self._owned = Gauge(
            "seatline_router_partition_owned",
            "1 when this slot owns the partition.",
            ["partition"],
            registry=registry,
        )
        self._epoch = Gauge(
            "seatline_router_partition_epoch",
            "Epoch of the reign last seen.",
            ["partition"],
            registry=registry,
        )
        queued = Gauge(
            "seatline_router_queued_contacts",
            "Contacts read and not yet ruled.",
            ["partition"],
            registry=registry,
        )
        self._queued_of = functools.cache(queued.labels)
        self._map_version = Gauge(
            "seatline_router_map_version", "Seat map in use; 0: none.", registry=registry
        )
        self._policy_version = Gauge(
            "seatline_router_policy_version", "Policy in use; 0: none.", registry=registry
        )
        self._set_aside = Counter(
            "seatline_router_inputs_set_aside_total",
            "Contacts that could not be ruled on.",
            ["reason"],
            registry=registry,
        )
        self._unwanted = Gauge(
            "seatline_router_held_busy_ratio",
            "Share of the contacts that is held as a dispatcher cannot take it; the largest one.",
            registry=registry,
        )
        self._seen = Gauge(
            "seatline_router_dedupe_keys", "Releases in the dedupe windows.", registry=registry
        )

    def ruled(self, rulings: Iterable[Ruling], waited_ms: int) -> None:
        """Count the rulings of one contacts record and how long it had waited."""
        for ruling in rulings:
            self._rulings_of(*_labels(ruling.outcome)).inc()
        self._age.observe(max(0, waited_ms) / 1000)

    def owned(self, partition: int, *, owned: bool, epoch: int) -> None:
        """Show which partitions this slot owns."""
        self._owned.labels(partition).set(int(owned))
        self._epoch.labels(partition).set(epoch)

    def queued(self, partition: int, contacts: int) -> None:
        """Show how many contacts wait in this process."""
        self._queued_of(partition).set(contacts)

    def viewed(self, view: View) -> None:
        """Show what rulings are made under."""
        self._map_version.set(view.seats.version)
        self._policy_version.set(view.policy.version)

    def set_aside(self, reason: str) -> None:
        """Count an input that was given up."""
        self._set_aside.labels(reason).inc()

    def watch_dedupe(self, windows: Callable[[], Iterable[Seen]]) -> None:
        """Show how much the dedupe windows hold, counted when somebody asks."""
        self._seen.set_function(lambda: sum(map(len, windows())))

    def watch_unwanted(self, shares: Callable[[], Iterable[float]]) -> None:
        """Show how much of what comes is held because dispatchers are busy."""
        self._unwanted.set_function(lambda: max(shares(), default=0.0))


def _labels(outcome: Outcome) -> tuple[str, str]:
    match outcome:
        case Routed():
            return "routed", ""
        case Held(reason):
            return "held", reason.value
        case Refused(reason):
            return "refused", reason.value
        case _:
            assert_never(outcome)

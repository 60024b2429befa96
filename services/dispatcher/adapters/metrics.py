"""Metrics of the dispatcher."""

import functools
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BATCH = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500)
_AGE_S = (0.001, 0.002, 0.005, 0.01, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 5, 30)


class DispatcherMetrics:
    """Every metric of the service, on an injected registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.owned = Gauge(
            "seatline_dispatcher_partition_owned",
            "1 when this slot owns the partition.",
            ["partition"],
            registry=registry,
        )
        self.epoch = Gauge(
            "seatline_dispatcher_partition_epoch",
            "Epoch of the reign last seen.",
            ["partition"],
            registry=registry,
        )
        facts = Counter(
            "seatline_dispatcher_facts", "Facts written.", ["partition"], registry=registry
        )
        # To find a label's child costs as much as to count with it, for each record anew.
        self.facts_of = functools.cache(facts.labels)
        self.record_facts = Histogram(
            "seatline_dispatcher_record_facts",
            "Facts in a record.",
            buckets=_BATCH,
            registry=registry,
        )
        queued_inputs = Gauge(
            "seatline_dispatcher_queued_inputs",
            "Inputs read and not yet decided.",
            ["partition"],
            registry=registry,
        )
        self.queued_inputs_of = functools.cache(queued_inputs.labels)
        self.input_age = Histogram(
            "seatline_dispatcher_input_age_seconds",
            "From the append of an input to its decision, oldest of a record, in broker time.",
            buckets=_AGE_S,
            registry=registry,
        )
        self._contacts_waiting = Gauge(
            "seatline_dispatcher_contacts_waiting",
            "Contacts that wait for a caller; bounded by SEATLINE_CONTACTS_WAITING_MAX.",
            ["partition"],
            registry=registry,
        )
        self.set_aside = Counter(
            "seatline_dispatcher_inputs_set_aside",
            "Inputs that could not be decided.",
            ["reason"],
            registry=registry,
        )

    def watch_floor(self, partition: int, waiting: Callable[[], int]) -> None:
        """Show how many contacts wait in the fold of a partition, counted when somebody asks."""
        self._contacts_waiting.labels(partition).set_function(waiting)

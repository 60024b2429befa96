"""What the dispatcher tells the world besides its facts: metrics, log lines, dead letters."""

from collections.abc import Sequence
from typing import Any

from services.dispatcher.adapters.metrics import DispatcherMetrics
from services.dispatcher.domain.facts import Attempt
from services.dispatcher.domain.inputs import Commanded, Routed
from services.runtime.fenced_log.header import Failure
from services.runtime.fenced_log.turn import Pending
from services.runtime.lifecycle import Process
from services.runtime.log_port import LogWriter
from services.runtime.set_aside import SetAside


class DispatcherObserver:
    """Told by the fenced log what happens."""

    def __init__(self, process: Process, metrics: DispatcherMetrics, writer: LogWriter) -> None:
        self._process = process
        self._metrics = metrics
        self._set_aside = SetAside(process, writer, "dispatcher")

    def owned(self, partition: int, *, owned: bool, epoch: int) -> None:
        """Note a partition taken or lost."""
        self._metrics.owned.labels(partition).set(int(owned))
        self._metrics.epoch.labels(partition).set(epoch)
        self._process.log.info("partition", partition=partition, owned=owned, epoch=epoch)

    def loaded(self, partition: int, covered: int, end: int) -> None:
        """Note where a fold begins."""
        self._process.log.info("snapshot", partition=partition, covered=covered, end=end)

    def wrote(self, partition: int, entries: Sequence[Any], queued: int, waited_ms: int) -> None:
        """Note a record sent."""
        if entries:
            self._metrics.queued_inputs_of(partition).set(queued)
            self._metrics.facts_of(partition).inc(len(entries))
            self._metrics.record_facts.observe(len(entries))
            self._metrics.input_age.observe(waited_ms / 1000)

    def set_aside(self, failure: Failure, pending: Pending[Any]) -> None:
        """Send an input that could not be decided to the dead letters."""
        self._set_aside.send(failure, pending, _contact_of(dict(pending.items).get(failure.index)))
        self._metrics.set_aside.labels(failure.reason).inc()


def _contact_of(item: object) -> str:
    """Return the contact that an input is about; empty when there is none."""
    if isinstance(item, Routed):
        return item.contact.contact_id
    command = item.command if isinstance(item, Commanded) else None
    attempt = getattr(command, "attempt", None)
    return attempt.contact_id if isinstance(attempt, Attempt) else ""

"""What the router tells the world besides its rulings: metrics, log lines, dead letters."""

from collections.abc import Sequence
from typing import Any

from services.router.adapters.metrics import RouterMetrics
from services.router.domain.contact import Contact, is_name
from services.runtime.fenced_log.header import Failure
from services.runtime.fenced_log.turn import Pending
from services.runtime.lifecycle import Process
from services.runtime.log_port import LogWriter
from services.runtime.set_aside import SetAside


class RouterObserver:
    """Told by the fenced log what happens."""

    def __init__(self, process: Process, metrics: RouterMetrics, writer: LogWriter) -> None:
        self._process = process
        self._metrics = metrics
        self._set_aside = SetAside(process, writer, "router")

    def owned(self, partition: int, *, owned: bool, epoch: int) -> None:
        """Note a partition taken or lost."""
        self._metrics.owned(partition, owned=owned, epoch=epoch)
        self._process.log.info("partition", partition=partition, owned=owned, epoch=epoch)

    def loaded(self, partition: int, covered: int, end: int) -> None:
        """Note where a fold begins."""
        self._process.log.info("snapshot", partition=partition, covered=covered, end=end)

    def wrote(self, partition: int, entries: Sequence[Any], queued: int, waited_ms: int) -> None:
        """Note a record sent."""
        if entries:
            self._metrics.queued(partition, queued)
            self._metrics.ruled(entries, waited_ms)

    def set_aside(self, failure: Failure, pending: Pending[Any]) -> None:
        """Send an input that could not be decided to the dead letters."""
        item = dict(pending.items).get(failure.index)
        self._set_aside.send(failure, pending, _contact_of(item))
        self._metrics.set_aside(failure.reason)


def _contact_of(item: object) -> str:
    """Return the contact that an input is; empty when it has no id that is fit to be shown."""
    if isinstance(item, Contact) and is_name(item.contact_id):
        return item.contact_id
    return ""

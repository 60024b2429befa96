"""What a decider on trial tells: it counts and collects, and sets nothing aside."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from bench.world import WorldError
from services.runtime.fenced_log.header import Failure
from services.runtime.fenced_log.turn import Pending


class CountingObserver:
    """Counts entries by their type and keeps the newest of those it is asked to keep."""

    def __init__(self, keep: type | None = None) -> None:
        self.counts: Counter[type] = Counter()
        self.kept: list[Any] = []
        self._keep = keep

    @property
    def entries(self) -> int:
        """All that was decided."""
        return self.counts.total()

    def owned(self, partition: int, *, owned: bool, epoch: int) -> None:
        """Take no notice."""

    def loaded(self, partition: int, covered: int, end: int) -> None:
        """Take no notice."""

    def wrote(self, partition: int, entries: Sequence[Any], queued: int, waited_ms: int) -> None:
        """Count what was decided."""
        del partition, queued, waited_ms
        for entry in entries:
            self.counts[type(entry)] += 1
            if self._keep is not None and isinstance(entry, self._keep):
                self.kept.append(entry)

    def set_aside(self, failure: Failure, pending: Pending[Any]) -> None:
        """Refuse: a backlog that cannot be decided measures nothing."""
        del pending
        raise WorldError(f"the backlog could not be decided: {failure.reason}")

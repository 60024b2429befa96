"""Commands that wait for one partition: a batch is what gathered while the last send was out."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.runtime.log_port import SendError, Sent

C = TypeVar("C")

Settled = Callable[[Sent | SendError], None]
"""Told what became of the record that the command was in."""

BATCH_MAX = 500
BATCH_BYTES_MAX = 256_000


@dataclass(frozen=True, slots=True)
class Entry(Generic[C]):
    """A command, and who waits for what becomes of it."""

    command: C
    size_bytes: int
    settled: Settled | None = None


class Outbox(Generic[C]):
    """Waiting commands of one partition, in order, with at most one batch out."""

    def __init__(self, waiting_max: int) -> None:
        """Start empty.

        Args:
            waiting_max: Wishes wait up to this; what the gateway itself must say always finds room,
                as it is bounded by the sessions.
        """
        self._waiting: deque[Entry[C]] = deque()
        self._out: list[Entry[C]] = []
        self._waiting_max = waiting_max

    def __len__(self) -> int:
        return len(self._waiting) + len(self._out)

    @property
    def has_room(self) -> bool:
        """True while wishes are taken."""
        return len(self._waiting) < self._waiting_max

    def add(self, entry: Entry[C]) -> None:
        """Append a command."""
        self._waiting.append(entry)

    def take(self) -> list[Entry[C]]:
        """Return the next batch and hold it as out; nothing while one is out already."""
        if self._out:
            return []
        size = 0
        while self._waiting and len(self._out) < BATCH_MAX:
            size += self._waiting[0].size_bytes
            if self._out and size > BATCH_BYTES_MAX:
                break
            self._out.append(self._waiting.popleft())
        return list(self._out)

    def settle(self, outcome: Sent | SendError) -> None:
        """Tell those who wait what became of the batch, and make way for the next."""
        settled, self._out = self._out, []
        for entry in settled:
            if entry.settled is not None:
                entry.settled(outcome)

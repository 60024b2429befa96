"""What owners have in memory, asked for by another thread and told where state and log agree."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.runtime.clock import Clock
from services.runtime.fenced_log.header import FencePoint
from services.runtime.fenced_log.partition import Partition

ANSWER_WITHIN_S = 2.0
SLICE_MS = 5
"""After so long a turn goes on; partitions that were not looked at are told in the next ones."""


class NotToldError(Exception):
    """Nothing was told in time; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Told:
    """An owned partition as it stood at one moment."""

    partition: int
    point: FencePoint | None
    """The last record that counts."""
    next_offset: int
    """The state is the fold of what counts below this offset."""
    state: Any
    """What was looked at of the core."""


class Question:
    """One question for the states that a loop owns, put to it between reading and deciding.

    A partition that has a record under way has run ahead of its log. It is told in the first turn
    in which that record is settled: state and position belong together.
    """

    def __init__(self, look: Callable[[Any], Any]) -> None:
        """Make a question.

        Args:
            look: Copies out of a core what is wanted; the loop waits for it.
        """
        self.told: dict[int, Told] = {}
        self.answered = threading.Event()
        self._look = look

    def put(self, owned: Sequence[Partition[Any, Any]], clock: Clock) -> None:
        """Look at the partitions that can be told now, at one at least; called by the loop."""
        if self.answered.is_set():
            return  # whoever asked has yet to take the question back
        until_ms = clock.monotonic_ms() + SLICE_MS
        for partition in owned:
            if partition.may_write and partition.number not in self.told:
                state = self._look(partition.core)
                told = Told(partition.number, *partition.stands_at(), state)
                self.told[partition.number] = told
                if clock.monotonic_ms() >= until_ms:
                    break
        if all(partition.number in self.told for partition in owned):
            self.answered.set()


class Asked(Protocol):
    """A loop that looks once a turn whether there is a question."""

    question: Question | None


class Asker:
    """Asks a loop what it has in memory, one question at a time. Safe from any thread."""

    def __init__(
        self, loop: Asked, look: Callable[[Any], Any], within_s: float = ANSWER_WITHIN_S
    ) -> None:
        self._loop = loop
        self._look = look
        self._within_s = within_s
        self._one_at_a_time = threading.Lock()

    def ask(self) -> Sequence[Told]:
        """Return every partition that the loop owns, as it stood at some moment from now on.

        Raises:
            NotToldError: The loop did not come to it in time, or not to a question before.
        """
        if not self._one_at_a_time.acquire(timeout=self._within_s):
            raise NotToldError(
                f"another question was not answered within {self._within_s:g} s: ask again later"
            )
        try:
            question = Question(self._look)
            self._loop.question = question
            if not question.answered.wait(self._within_s):
                raise NotToldError(
                    f"not everything was told within {self._within_s:g} s: the loop stands still, "
                    "or a record is not acknowledged; see /livez, then ask again"
                )
        finally:
            self._loop.question = None
            self._one_at_a_time.release()
        return [question.told[number] for number in sorted(question.told)]

"""How far the inputs of one partition are decided, and which decisions failed (rules 1.2, 1.9)."""

from collections.abc import Iterable

from services.runtime.fenced_log.header import Failure, Inputs, Position
from services.runtime.log_port import TopicPartition

NAMED_EVERY_MS = 900
"""How often what was passed over is named."""
InputKey = tuple[str, int, int, int]
"""Topic, partition, offset, and index in the record."""


class Decided:
    """Positions and failures, and which positions the next record has to name."""

    def __init__(self) -> None:
        self.positions: dict[TopicPartition, Position] = {}
        self.failures: dict[InputKey, Failure] = {}
        self._moved: set[TopicPartition] = set()
        self._passed: set[TopicPartition] = set()
        self._named_ms = 0

    def advance(self, tp: TopicPartition, position: Position) -> None:
        """Note how far an input is decided; written with the next record."""
        self.positions[tp] = position
        self._moved.add(tp)

    def pass_over(self, tp: TopicPartition, position: Position) -> None:
        """Note that an input held nothing for this partition; written within a heartbeat or two.

        Reading such records again changes nothing, so not every record need name them: with a
        shared input that would be each partition of it in each record.
        """
        self.positions[tp] = position
        self._passed.add(tp)

    def read(self, inputs: Inputs, failures: Iterable[Failure]) -> None:
        """Take what a record of the log says."""
        for topic, number, position in inputs:
            self.positions[(topic, number)] = position
        self.note(failures)

    def note(self, failures: Iterable[Failure]) -> None:
        """Remember failed decisions, until their inputs are set aside."""
        for failure in failures:
            key = (failure.topic, failure.partition, failure.offset, failure.index)
            if failure.set_aside:
                self.failures.pop(key, None)
            else:
                self.failures[key] = failure

    def moved(self, mono_ms: int) -> Inputs:
        """Return what the next record names, and forget that it moved."""
        if mono_ms - self._named_ms >= NAMED_EVERY_MS:
            self._named_ms = mono_ms
            self._moved |= self._passed
            self._passed.clear()
        inputs = tuple((*tp, self.positions[tp]) for tp in sorted(self._moved))
        self._moved.clear()
        return inputs

    def name_all(self) -> None:
        """Have the next record name all that moved: a fold up to it knows the same."""
        self._moved |= self._passed
        self._passed.clear()

    def whole(self) -> Inputs:
        """Return every position; the next record names all that moved, so that it says the same."""
        self.name_all()
        return tuple((*tp, position) for tp, position in sorted(self.positions.items()))

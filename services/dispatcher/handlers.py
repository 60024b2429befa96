"""Load, decide, apply: the rules of `domain` behind the interface of the fenced log."""

from collections.abc import Sequence

from services.dispatcher.domain import facts, inputs
from services.dispatcher.domain.decide import decide, decide_due
from services.dispatcher.domain.evolve import evolve
from services.dispatcher.domain.floor import Floor
from services.dispatcher.domain.limits import Limits
from services.dispatcher.domain.moment import Moment


class FloorHandler:
    """The floor of one partition, driven by the log alone."""

    def __init__(self, limits: Limits, contacts_from: str = "") -> None:
        """Begin with an empty floor.

        Args:
            limits: How long each state may last, and how much there may be.
            contacts_from: Topic that brings contacts; what comes while the floor is full waits.
        """
        self.floor = Floor(limits)
        self._contacts_from = contacts_from

    def evolve(self, entries: Sequence[facts.Fact], at_ms: int) -> None:
        """Apply facts in order."""
        for fact in entries:
            evolve(self.floor, fact, at_ms)

    def decide(self, item: inputs.Input, moment: Moment) -> Sequence[facts.Fact]:
        """Return what one input leads to."""
        return decide(self.floor, item, moment)

    def due(self, moment: Moment) -> Sequence[facts.Fact]:
        """Return the next thing that time, orders or the queues lead to."""
        return decide_due(self.floor, moment)

    def admits(self, topic: str, moment: Moment) -> bool:
        """Take everything at once, though orders be not fresh; contacts while there is room."""
        del moment
        return topic != self._contacts_from or self.floor.has_room

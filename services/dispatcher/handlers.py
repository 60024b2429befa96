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

    def __init__(self, limits: Limits) -> None:
        self.floor = Floor(limits)

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
        """Take every input at once: each has an answer, even while orders are not fresh."""
        del topic, moment
        return True

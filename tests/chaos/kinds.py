"""What a kind of fault is: what it does, what was promised for it, how recovery is seen."""

import enum
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.board import Board
from tests.chaos.harms import Harm
from tests.chaos.signs import Sign
from tests.chaos.world import Sizes, World


class Lane(enum.Enum):
    """Those who would blur each other's recovery; one fault at a time hits each."""

    ROUTER = "router"
    DISPATCHER = "dispatcher"
    GATEWAY = "gateway"
    RECORDER = "recorder"
    INTAKE = "intake"
    POSTGRES = "postgres"
    BROKER = "broker"


_PATH = (Lane.ROUTER, Lane.DISPATCHER, Lane.GATEWAY)
_RECORD = (Lane.RECORDER, Lane.POSTGRES)


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault that is about to happen, and what is known at that moment."""

    world: World
    board: Board
    victim: str
    """Name of the process."""
    at_ms: int
    lasts_s: float
    sizes: Sizes


Refusal = Callable[[Sizes], str]
"""Says why it cannot be done here, or nothing."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault."""

    name: str
    lane: Lane
    does: str
    """With the victim, and how long it lasts."""
    promised: str
    seen: str
    """How recovery is seen."""
    harm: Callable[[Struck], Harm]
    sign: Callable[[Struck], Sign]
    lasts_s: tuple[float, float] = (0.0, 0.0)
    settles_s: float = 6.0
    """Behind its end, until the next one may hit the same lane."""
    cards: int = 1
    """How often it is dealt, to others' once."""
    bar_s: float | None = None
    """Of recovery, at p95."""
    everywhere: bool = False
    """Whether its recovery is looked for in every log."""
    refusal: Refusal = lambda _: ""

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """Lanes that it keeps busy, as their recovery would be seen later for it.

        A sign-in needs a dispatcher, a dispatcher contacts to queue; rows need Postgres. What is
        looked for in every log, anybody's fault would blur.
        """
        if self.everywhere:
            return tuple(Lane)
        if self.lane is Lane.INTAKE:
            return (Lane.INTAKE,)
        return _RECORD if self.lane in _RECORD else _PATH

"""What a seed stands for: which faults, whom they hit, when and for how long.

Drawn before anything runs, from the seed and from what can be done at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from services.runtime.command_line import RefusedError
from tests.chaos.kinds import Kind, Lane
from tests.chaos.stepped_clock import step_of

APART_S = 2.0
"""Between two faults, whoever they hit."""
STARTS_S = 5.0
"""Of load before the first fault."""
CALM_S = 5.0
"""Of load behind the last return, besides what its kind takes to be seen."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One fault to come."""

    at_s: float
    """After the first contact."""
    kind: Kind
    victim: str
    lasts_s: float

    @property
    def sentence(self) -> str:
        """What will be done, to whom."""
        way = "ahead" if step_of(self.lasts_s) > 0 else "back"
        return self.kind.does.format(victim=self.victim, lasts=f"{self.lasts_s:.1f} s", way=way)

    @property
    def over_s(self) -> float:
        """When its return must have been seen."""
        return self.at_s + self.lasts_s + self.kind.settles_s


def plan_of(
    seed: int, faults: int, seconds: float, kinds: Sequence[Kind], victims: dict[Lane, list[str]]
) -> list[Planned]:
    """Draw a plan.

    Kinds are dealt like cards, so that all of them come: each once, then those that have more.
    No fault begins while another one of its lane goes on; what time is left is spread evenly.

    Args:
        seed: The same gives the same plan.
        faults: How many.
        seconds: Length of the load.
        kinds: What can be done here.
        victims: Whom each lane has, by what they do.

    Raises:
        RefusedError: They do not fit.
    """
    if faults and not kinds:
        raise RefusedError("KINDS: none of them can be done here")
    chance = Random(f"chaos/{seed}")
    once: list[Kind] = []
    more: list[Kind] = []
    dense: list[Planned] = []
    free_s: dict[Lane, float] = dict.fromkeys(Lane, STARTS_S)
    for _ in range(faults):
        if not once and not more:
            once, more = _deal(chance, kinds)
        deck = once or more
        next_s = dense[-1].at_s + APART_S if dense else STARTS_S
        card = min(deck, key=lambda kind: max(next_s, _free_s(free_s, kind)))
        deck.remove(card)
        lasts_s = round(chance.uniform(*card.lasts_s), 1)
        at_s = max(next_s, _free_s(free_s, card))
        planned = Planned(at_s, card, chance.choice(victims[card.lane]), lasts_s)
        dense.append(planned)
        for lane in card.lanes:
            free_s[lane] = max(free_s[lane], planned.over_s)
    return _spread(chance, dense, seconds)


def _deal(chance: Random, kinds: Sequence[Kind]) -> tuple[list[Kind], list[Kind]]:
    once = list(kinds)
    more = [kind for kind in kinds for _ in range(kind.cards - 1)]
    chance.shuffle(once)
    chance.shuffle(more)
    return once, more


def _free_s(free_s: dict[Lane, float], kind: Kind) -> float:
    return max(free_s[lane] for lane in kind.lanes)


def _spread(chance: Random, dense: list[Planned], seconds: float) -> list[Planned]:
    needed_s = max((each.over_s for each in dense), default=0.0) + CALM_S
    slack_s = seconds - needed_s
    if slack_s < 0:
        raise RefusedError(
            f"SECONDS: {len(dense)} faults need {needed_s:.1f} s, not {seconds:g}; "
            "give more SECONDS or fewer FAULTS"
        )
    # Nothing comes closer together than it was: the room before each only grows.
    room = sorted(chance.uniform(0.0, slack_s) for _ in dense)
    return [
        Planned(round(each.at_s + more_s, 1), each.kind, each.victim, each.lasts_s)
        for each, more_s in zip(dense, room, strict=True)
    ]

"""What one caller will do with one offer, drawn when the offer comes."""

import enum
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from services.simulator.domain.chance import Chance, between
from services.simulator.domain.patience import CLOSING_PACE

_DECLINED = 0.005
_MISSED = 0.005
_HANGS_UP_FIRST = 0.25
_WRAP_UP_SHARE = 0.2
_RESTS = 0.01
_THINK_MS = (100.0, 400.0)
_REST_MS = (2_000.0, 6_000.0)
_LONGEST_IN_AHT = 2.0


class Attempt(NamedTuple):
    """Names one assignment attempt."""

    contact_id: str
    release: int
    attempt: int


class Reaction(enum.Enum):
    """What a caller does about an offer."""

    ACCEPT = "accept"
    DECLINE = "decline"
    MISS = "miss"


class Disposition(enum.Enum):
    """What came of a call."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    WRONG_NUMBER = "wrong_number"
    CALL_BACK = "call_back"
    OPT_OUT = "opt_out"


_DISPOSITIONS = (
    (0.45, Disposition.REACHED),
    (0.75, Disposition.NO_ANSWER),
    (0.82, Disposition.BUSY),
    (0.87, Disposition.WRONG_NUMBER),
    (0.97, Disposition.CALL_BACK),
    (1.00, Disposition.OPT_OUT),
)


@dataclass(frozen=True, slots=True)
class CallPlan:
    """One caller's course through one attempt."""

    reaction: Reaction
    think_ms: float
    talk_ms: float
    wrap_up_ms: float
    """0: the outcome is given with the hang-up."""
    disposition: Disposition
    rest_ms: float
    """0: ready at once."""

    def hurried(self) -> "CallPlan":
        """Return the same call at the pace that calls have once the load is over."""
        return replace(
            self, talk_ms=self.talk_ms * CLOSING_PACE, wrap_up_ms=self.wrap_up_ms * CLOSING_PACE
        )


def plan_call(chance: Chance, aht_ms: float) -> CallPlan:
    """Draw what will happen.

    Talk and wrap-up together are drawn by `handling`.
    """
    reaction = _reaction(chance())
    handling_ms = handling(chance, aht_ms)
    hangs_up_first = chance() < _HANGS_UP_FIRST
    wrap_up_ms = handling_ms * _WRAP_UP_SHARE if hangs_up_first else 0.0
    rests = chance() < _RESTS
    return CallPlan(
        reaction=reaction,
        think_ms=between(chance, *_THINK_MS),
        talk_ms=handling_ms - wrap_up_ms,
        wrap_up_ms=wrap_up_ms,
        disposition=_disposition(chance()),
        rest_ms=between(chance, *_REST_MS) if rests else 0.0,
    )


def handling(chance: Chance, aht_ms: float) -> float:
    """Draw talk and wrap-up together: exponential of scale `aht_ms`, truncated at twice that.

    Truncation takes the long calls out, so the mean in effect is 0.69 of `aht_ms`: 1 - 2/(e^2 - 1).
    Only a uniform law would keep it, and calls are not uniform. Reports carry the mean in effect.
    """
    within = 1.0 - math.exp(-_LONGEST_IN_AHT)
    return -math.log(1.0 - chance() * within) * aht_ms


def _reaction(drawn: float) -> Reaction:
    if drawn < _DECLINED:
        return Reaction.DECLINE
    if drawn < _DECLINED + _MISSED:
        return Reaction.MISS
    return Reaction.ACCEPT


def _disposition(drawn: float) -> Disposition:
    return next(disposition for below, disposition in _DISPOSITIONS if drawn < below)


@dataclass(slots=True)
class Script:
    """Gives every attempt its plan: the same run and attempt, the same course of events."""

    chance_of: Callable[[str], Chance]
    """Gives a generator seeded by a text."""
    seed: int
    aht_ms: float
    drawn: int = 0
    drawn_ms: float = 0.0
    _closing: bool = False

    def close(self) -> None:
        """Make what begins from now on brief, so that nobody waits long for the last talks."""
        self._closing = True

    def plan_of(self, attempt: Attempt) -> CallPlan:
        """Draw the plan of an attempt."""
        # By the contact's place in its run, as ids differ between runs.
        place = attempt.contact_id.rpartition("-")[2]
        seed = f"{self.seed}/{place}/{attempt.release}/{attempt.attempt}"
        chance = self.chance_of(seed)
        if self._closing:
            # An offer that is missed takes its whole lease.
            plan = plan_call(chance, self.aht_ms * CLOSING_PACE)
            return replace(plan, reaction=Reaction.ACCEPT)
        plan = plan_call(chance, self.aht_ms)
        self.drawn += 1
        self.drawn_ms += plan.talk_ms + plan.wrap_up_ms
        return plan

    @property
    def mean_handling_s(self) -> float:
        """Mean of talk and wrap-up before the close, in seconds."""
        return round(self.drawn_ms / max(1, self.drawn) / 1_000.0, 2)

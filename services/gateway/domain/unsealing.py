"""When a confirmed number may be shown (rule 5.1), as a state machine over one CONFIRM.

WAITING      the CONFIRM was read; the end of facts is awaited
ANNOUNCED    `Unsealing` was produced; its append time is awaited
ACKNOWLEDGED it was appended in time; the end of facts is awaited once more
OVER         shown, reported or dropped: nothing can happen any more
"""

import enum
from dataclasses import dataclass
from typing import assert_never


class Step(enum.Enum):
    """How far one CONFIRM has come."""

    WAITING = "waiting"
    ANNOUNCED = "announced"
    ACKNOWLEDGED = "acknowledged"
    OVER = "over"


class WhyNot(enum.Enum):
    """Why a number is not and will not be shown, as the dispatcher is told."""

    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"
    UNREADABLE = "unreadable"
    LATE = "late"
    """Announced, but by now the desk must not see it."""


class Voided(enum.Enum):
    """What takes the ground from under a CONFIRM. Reported only when it was announced already."""

    HIGHER_GENERATION = "higher_generation"
    STREAM_LOST = "stream_lost"
    ATTEMPT_OVER = "attempt_over"


@dataclass(frozen=True, slots=True)
class ReachedEnd:
    """All facts up to a moment ago have been read."""

    now_ms: int


@dataclass(frozen=True, slots=True)
class Announced:
    """The announcement was settled."""

    appended_at_ms: int | None
    """Broker's append time; None when it is not known to be in the log, or not when."""
    now_ms: int
    """Latest that the broker's clock can show by now."""


@dataclass(frozen=True, slots=True)
class Prohibited:
    """A withdrawal or a stop that covers the person was read."""

    reason: WhyNot


@dataclass(frozen=True, slots=True)
class TimePassed:
    """It is at least this late at the broker."""

    now_ms: int


Event = ReachedEnd | Announced | Prohibited | TimePassed | Voided


class Do(enum.Enum):
    """What the gateway does next."""

    NOTHING = "nothing"
    ANNOUNCE = "announce"
    SHOW = "show"


@dataclass(frozen=True, slots=True)
class ReportNotUnsealed:
    """Tell the dispatcher that this number was not and will not be shown."""

    reason: WhyNot


@dataclass(frozen=True, slots=True)
class Drop:
    """Show nothing, say nothing."""

    why: str


Action = Do | ReportNotUnsealed | Drop


def decide(step: Step, dial_by_ms: int, event: Event) -> tuple[Step, Action]:
    """Return the next step of a CONFIRM and what to do.

    `SHOW` is returned at most once, only for an announcement whose append time is known and before
    `dial_by`, and only while `dial_by` cannot have passed. A gateway that stood still since its
    announcement reads on first: the session may be elsewhere, its attempt over.
    """
    if step is Step.OVER:
        return step, Do.NOTHING
    match event:
        case ReachedEnd():
            return _reached_end(step, dial_by_ms, event.now_ms)
        case Announced():
            return _announced(step, dial_by_ms, event)
        case Prohibited():
            return Step.OVER, ReportNotUnsealed(event.reason)
        case TimePassed():
            late = event.now_ms >= dial_by_ms
            return (Step.OVER, _not_shown(step, "expired")) if late else (step, Do.NOTHING)
        case Voided():
            over = event is Voided.ATTEMPT_OVER
            return Step.OVER, Drop(event.value) if over else _not_shown(step, event.value)
        case _:
            assert_never(event)


def _not_shown(step: Step, why: str) -> Action:
    """Report an announcement that nothing followed: the log may hold it as a call begun."""
    return Drop(why) if step is Step.WAITING else ReportNotUnsealed(WhyNot.LATE)


def _reached_end(step: Step, dial_by_ms: int, now_ms: int) -> tuple[Step, Action]:
    if now_ms >= dial_by_ms:
        return Step.OVER, _not_shown(step, "expired")
    if step is Step.WAITING:
        return Step.ANNOUNCED, Do.ANNOUNCE
    if step is Step.ACKNOWLEDGED:
        return Step.OVER, Do.SHOW
    return step, Do.NOTHING


def _announced(step: Step, dial_by_ms: int, event: Announced) -> tuple[Step, Action]:
    if step is not Step.ANNOUNCED:
        return step, Do.NOTHING
    if event.appended_at_ms is not None and event.appended_at_ms >= dial_by_ms:
        return Step.OVER, Drop("too_late")  # the dispatcher judges by the same append time
    if event.appended_at_ms is None or event.now_ms >= dial_by_ms:
        return Step.OVER, ReportNotUnsealed(WhyNot.LATE)
    return Step.ACKNOWLEDGED, Do.NOTHING

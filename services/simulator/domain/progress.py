"""How a run stands at one moment, for whoever watches."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.simulator.domain.measure import Spread
from services.simulator.domain.stance import Stance
from services.simulator.domain.team import Team

TROUBLED_MAX = 5
_SHORT_SHARE = 0.1
"""A centre with fewer of its callers available is short of them."""
_ACTIVITIES = {
    Stance.READY: "available",
    Stance.OFFERED: "offered",
    Stance.ACCEPTED: "offered",
    Stance.ON_CALL: "on call",
    Stance.WRAP_UP: "wrap-up",
    Stance.RESTING: "paused",
    Stance.AWAY: "away",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """A centre where contacts wait or callers are short."""

    centre_id: str
    waiting: int
    available: int
    callers: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything that is shown while a run goes on."""

    phase: str
    left_s: float | None
    """Until the phase ends at the latest; None: when it is done."""
    sessions: int
    signed_in: int
    activities: Mapping[str, int]
    """Callers by what they are doing."""
    offers: int
    offers_per_s: float
    """Since the last look."""
    waiting: int
    offer_ms: Spread
    """So far."""
    troubles: tuple[Trouble, ...]
    """The worst first."""


def activities(teams: Iterable[Team]) -> dict[str, int]:
    """Count callers by what they are doing, in the order of a call."""
    counted = dict.fromkeys(_ACTIVITIES.values(), 0)
    for team in teams:
        for stance, callers in team.doing.items():
            counted[_ACTIVITIES[stance]] += callers
    return counted


def troubles(teams: Iterable[Team], waiting: Counter[str]) -> tuple[Trouble, ...]:
    """Pick the centres where most contacts wait, then those where callers are shortest."""
    centres = (
        Trouble(team.centre_id, waiting[team.centre_id], team.doing[Stance.READY], team.size)
        for team in teams
    )
    troubled = [
        centre
        for centre in centres
        if centre.waiting > 0 or centre.available < _SHORT_SHARE * centre.callers
    ]
    troubled.sort(key=lambda centre: (-centre.waiting, centre.available / centre.callers))
    return tuple(troubled[:TROUBLED_MAX])


def as_line(progress: Progress) -> str:
    """Say it in one line."""
    doing = ", ".join(
        f"{callers} {activity}" for activity, callers in progress.activities.items() if callers
    )
    worst = ", ".join(
        f"{centre.centre_id} {centre.waiting}" for centre in progress.troubles if centre.waiting
    )
    return (
        f"{heading(progress)}: {progress.signed_in}/{progress.sessions} signed in ({doing}), "
        f"{progress.offers_per_s:.1f} offers/s, offer_ms p50 {progress.offer_ms.p50:.1f} "
        f"p99 {progress.offer_ms.p99:.1f}, {progress.waiting} waiting"
        + (f", most of them at {worst}" if worst else "")
    )


def heading(progress: Progress) -> str:
    """Name the phase, and the seconds it has left."""
    left = "" if progress.left_s is None else f", {progress.left_s:.0f} s left"
    return f"{progress.phase}{left}"

"""Play one plan to its end and say what came of it."""

import gc
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.simtest import checks
from tests.simtest.deciders import Doubles
from tests.simtest.plan import CALM_MS, Plan
from tests.simtest.promises import BrokenPromiseError
from tests.simtest.story import Storyteller
from tests.simtest.world import World

LOOK_EVERY_MS = 250
ENDS_WITHIN_MS = 45_000
LIMITS_FROM_MS = CALM_MS + 14_000
FAULTS_MIN = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run was."""

    seed: int
    steps: int
    virtual_ms: int
    digest: str
    faults: Counter[str]
    points: Counter[str]
    contacts: int
    equation: dict[str, Any]
    loads: int = 0
    """How many folds began at a snapshot."""
    broken: BrokenPromiseError | None = None
    story: list[str] = field(default_factory=list)
    where: Counter[str] = field(default_factory=Counter)

    @property
    def plot(self) -> list[str]:
        """The story without what happens every second anyway."""
        return [line for line in self.story if not line.endswith((": gateway seen", ": "))]

    @property
    def ok(self) -> bool:
        """True when every promise was kept."""
        return self.broken is None


def run(
    plan: Plan, secrets: Path, doubles: Doubles | None = None, *, told: bool = False
) -> Outcome:
    """Play a plan.

    Args:
        plan: What happens.
        secrets: A folder for key and token.
        doubles: Broken parts, when a test wants them found.
        told: Whether to keep the story.
    """
    world = World(plan, secrets, doubles or Doubles(), Storyteller(told=told))
    broken: BrokenPromiseError | None = None
    equation: dict[str, Any] = {}
    gc.disable()
    try:
        world.begin()
        _play(world)
        equation = _judge_the_end(world)
    except BrokenPromiseError as error:
        broken = error
        world._after_step()
        world.tell(f"BROKEN {error}")
    finally:
        world.end()
        gc.enable()
    return Outcome(
        plan.seed,
        world.scheduler.steps,
        world.scheduler.now_ms,
        world.digest.hexdigest(),
        world.faults.by_kind,
        world.faults.points,
        world.truth.contacts,
        equation,
        world.loads,
        broken,
        world.story.lines,
        Counter(world.truth.done.values()),
    )


def _play(world: World) -> None:
    scheduler = world.scheduler
    scheduler.run_until(CALM_MS)
    while why := checks.unsettled(world):
        if scheduler.now_ms > ENDS_WITHIN_MS:
            raise BrokenPromiseError("never_quiet", why)
        scheduler.run_until(scheduler.now_ms + LOOK_EVERY_MS)
        if scheduler.now_ms > LIMITS_FROM_MS and (late := checks.overdue(world)):
            raise BrokenPromiseError("state_limit", late)


def _judge_the_end(world: World) -> dict[str, Any]:
    for node in world.nodes.values():
        if node.alive and node.kind in ("router", "dispatcher"):
            checks.folds_agree(world, node)
    return checks.judge_equation(world)

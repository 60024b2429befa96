"""One run from the empty stack to the verdict."""

import time
from collections.abc import Sequence
from typing import Any

from services.runtime.command_line import say
from services.stack.layout import Layout
from tests.chaos.board import Board
from tests.chaos.catalogue import KINDS, NEVER_DONE, victims_of
from tests.chaos.commands import CommandError, run_module
from tests.chaos.course import NEVER_S, Course
from tests.chaos.load import WARM_UP_S, Load
from tests.chaos.memory import MemoryWatch
from tests.chaos.options import Options
from tests.chaos.plan import Planned, plan_of
from tests.chaos.verdict import Evidence, report
from tests.chaos.watching import LogWatch, RecordWatch
from tests.chaos.world import Sizes, World

_KNOWN_WITHIN_S = 30.0


def planned(options: Options, sizes: Sizes) -> tuple[list[Planned], dict[str, str]]:
    """Draw the plan and tell it; with it, why some kinds are left out.

    Raises:
        RefusedError: It does not fit into the load.
    """
    wanted = [kind for kind in KINDS if kind.name in options.only]
    not_done = {kind.name: why for kind in wanted if (why := kind.refusal(sizes))}
    kinds = [kind for kind in wanted if kind.name not in not_done]
    plan = plan_of(options.seed, options.faults, options.seconds, kinds, victims_of(sizes))
    say(f"the plan of seed {options.seed}:")
    for each in plan:
        say(f"{each.at_s:7.1f} s  {each.sentence}")
    not_done |= NEVER_DONE
    for name, why in not_done.items():
        say(f"not done: {name}: {why}")
    dealt = {each.kind.name for each in plan}
    not_done |= {
        kind.name: f"{options.faults} faults are too few for every kind"
        for kind in kinds
        if kind.name not in dealt
    }
    return plan, not_done


def run(
    options: Options, sizes: Sizes, plan: Sequence[Planned], not_done: dict[str, str]
) -> dict[str, Any]:
    """Bring a stack up, let the plan happen to it, judge it, and take it down.

    Raises:
        CommandError, OSError, StackError: It could not be run.
    """
    layout = Layout.of(options.state)
    kinds = {each.kind.name for each in plan}
    disk, clocks = "full_disk" in kinds, any(name.startswith("clock_") for name in kinds)
    with World(layout, sizes, disk, clocks, say) as world:
        endpoints = world.endpoints
        course = Course(world, say)
        board = Board(sizes.partitions, course.come)
        memory = MemoryWatch(world.pids)
        journal = layout.logs / "journal.ndjson"
        with (
            memory,
            LogWatch(endpoints["kafka"], board),
            RecordWatch(endpoints["postgres"], board),
        ):
            with Load(layout.state, journal, options.load, say) as load:
                load.begin()
                _wait_until_known(board)
                course.happen(plan, board, lambda: load.goes_on)
                say(f"{len(course.events)} faults done; behind the load all has to come to rest")
                loaded = load.report()
            course.wait_for_signs(NEVER_S)
        say("auditing, and asking the checker")
        audit = run_module(
            "services.cli",
            *("audit", "--deep", "--journal", str(journal)),
            *("--state", str(layout.state), "--json"),
            accepted=(0, 1),
        )
        done = {event.kind.name for event in course.events}
        not_hurt = {name: why for name, why in course.not_hurt.items() if name not in done}
        evidence = Evidence(
            course.events, loaded, audit, not_done | not_hurt, memory.growth(), memory.peaks()
        )
        return report(evidence, options.seconds + WARM_UP_S, options.seed)


def _wait_until_known(board: Board) -> None:
    deadline_s = time.monotonic() + _KNOWN_WITHIN_S
    while not board.is_known():
        if time.monotonic() > deadline_s:
            raise CommandError(f"not every log was decided and recorded in {_KNOWN_WITHIN_S:g} s")
        time.sleep(0.1)

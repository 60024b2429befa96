"""What can be measured: pieces of work that fill rows, chosen by name and done one by one."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.figures import Figure, Results, Row
from bench.world import World
from services.runtime.command_line import RefusedError


class UnknownNameError(RefusedError):
    """A name that no row and no piece of work has."""


class IncompleteError(Exception):
    """Work that failed half-way; the message says why."""

    def __init__(self, reason: str, figures: Mapping[str, Figure]) -> None:
        super().__init__(reason)
        self.figures = figures
        """What was measured before."""


@dataclass(frozen=True, slots=True)
class Work:
    """One measurement and the rows it fills."""

    name: str
    rows: tuple[Row, ...]
    about_s: float
    """How long it takes, the stack's start aside."""
    measure: Callable[[World], Mapping[str, Figure]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A piece of work and those of its rows that are shown."""

    work: Work
    rows: tuple[Row, ...]


def choose(works: Sequence[Work], only: str) -> list[Chosen]:
    """Return what to do, in the order of `works`.

    Args:
        works: Everything that can be measured.
        only: Names of rows or of pieces of work, separated by commas; empty: all.

    Raises:
        UnknownNameError: A name is in neither list; the message gives both.
    """
    wanted = {name.strip() for name in only.split(",") if name.strip()}
    if only and not wanted:
        raise UnknownNameError(f"only: {only!r} names nothing; {_names(works)}")
    known = {work.name for work in works} | {row.name for work in works for row in work.rows}
    if wanted - known:
        raise UnknownNameError(f"only: no {', '.join(sorted(wanted - known))}; {_names(works)}")
    chosen = [
        Chosen(work, tuple(r for r in work.rows if not only or {work.name, r.name} & wanted))
        for work in works
    ]
    return [each for each in chosen if each.rows]


def perform(chosen: Sequence[Chosen], world: World, results: Results) -> None:
    """Do the work piece by piece; one that fails leaves its rows empty and the others alone."""
    for number, each in enumerate(chosen, start=1):
        work = each.work
        left_s = sum(later.work.about_s for later in chosen[number - 1 :])
        world.say(
            f"{number}/{len(chosen)} {work.name}, about {work.about_s:.0f} s; "
            f"{len(chosen) - number} to come, {left_s / 60:.1f} min left"
        )
        began_s = time.monotonic()
        results.add(each.rows, _measure(each, world, results))
        world.say(f"  took {time.monotonic() - began_s:.0f} s")
    results.violations += world.violations


def _measure(each: Chosen, world: World, results: Results) -> Mapping[str, Figure]:
    try:
        return each.work.measure(world)
    except Exception as error:  # noqa: BLE001 - the other rows are wanted all the same
        reason = f"{type(error).__name__}: {error}"
        results.failed[each.work.name] = reason
        world.say(f"  failed: {reason}")
        before = error.figures if isinstance(error, IncompleteError) else {}
        return {row.name: Figure(None, note="failed") for row in each.rows} | dict(before)


def _names(works: Sequence[Work]) -> str:
    listed = "; ".join(f"{work.name} ({', '.join(r.name for r in work.rows)})" for work in works)
    return f"give names of: {listed}"

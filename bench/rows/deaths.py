"""How long a kill -9 is felt: dispatcher, router and gateway, one after the other under load."""

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass

from bench.figures import Figure, Row, at_most
from bench.rows.load import AHT_S
from bench.simulation import Load, Simulation
from bench.watching import (
    FACTS,
    RULINGS,
    LogWatch,
    decided_again_ms,
    ends,
    signed_in_again_ms,
)
from bench.work import IncompleteError, Work
from bench.world import World, WorldError

ALLOTTED = frozenset({"queued", "offered"})
RULED = frozenset({"routed", "held", "refused"})
_STEADY_S = 5.0
"""Of undisturbed load before each kill."""
_BACK_WITHIN_S = 60.0
"""Far beyond the bars: a bar that is missed is a figure, one that never comes back a failure."""
_LASTS_S = 35.0
"""Enough for all three if each is back in eight seconds."""
_ROOM_S = _STEADY_S + 3.0
"""Of load that must be left for another kill."""


@dataclass(frozen=True, slots=True)
class Death:
    """A process to be killed, and by what its return is known."""

    row: str
    slot: str
    topic: str
    """The log that it has to read again; its return shows there, too."""
    kinds: frozenset[str] = frozenset()
    """Entries that are decisions of its own; none: sessions sign in again."""


_DEATHS = (
    Death("takeover_dispatcher", "dispatcher-0", FACTS, ALLOTTED),
    Death("takeover_router", "router-0", RULINGS, RULED),
    Death("reconnect", "gateway-0", FACTS),
)


def measure(world: World) -> Mapping[str, Figure]:
    """Kill each in turn under the default load; the supervisor starts it again.

    Raises:
        IncompleteError: One was not back within a minute; those before it have their figures.
    """
    figures: dict[str, Figure] = {}
    left = list(_DEATHS)
    try:
        while left:
            _kill_under_load(world, left, figures)
    except WorldError as error:
        raise IncompleteError(str(error), figures) from error
    return figures


def _kill_under_load(world: World, left: list[Death], figures: dict[str, Figure]) -> None:
    """Kill as many as one load lasts for: who is long in coming back leaves the rest to the next.

    Raises:
        WorldError: One was not back in time.
    """
    load = Load(world.rate_per_s, _STEADY_S, _LASTS_S, AHT_S)
    with Simulation(world, load) as simulation:
        ends_s = simulation.begin() + load.warm_up_s + load.seconds
        while left and time.monotonic() + _ROOM_S <= ends_s:
            death = left.pop(0)
            time.sleep(_STEADY_S)
            figures[death.row] = figure = _felt(world, death)
            world.say(f"  {death.row}: {figure.value:.2f} s, {figure.note}")
        simulation.report()


def _felt(world: World, death: Death) -> Figure:
    stack = world.stack()
    tps = [(death.topic, n) for n in range(stack["partitions"])]
    with LogWatch(stack["kafka"], death.topic, stack["partitions"]) as watch:
        before = watch.reigns()
        length = sum(ends(stack["kafka"], tps).values())
        age_s = world.age_s
        hurt_at_ms = _kill(world, death.slot)
        records = watch.records(_BACK_WITHIN_S)
        try:
            if death.kinds:
                back_ms = decided_again_ms(records, before, death.kinds, hurt_at_ms)
            else:
                back_ms = signed_in_again_ms(records, world.sessions, hurt_at_ms)
        except WorldError as error:
            reason = f"{death.row}: not back within {_BACK_WITHIN_S:.0f} s: {error}"
            raise WorldError(f"{reason}; {_log(death, length, age_s)}") from error
    return Figure(back_ms / 1_000, note=_log(death, length, age_s))


def _log(death: Death, records: int, age_s: float) -> str:
    """Say what had to be read on coming back: nothing but this makes a return long."""
    return f"{death.topic}: {records:,} records in {age_s:.0f} s"


def _kill(world: World, slot: str) -> int:
    """Kill a process; return when, by the clock that the broker stamps by: it runs here."""
    hurt_at_ms = time.time_ns() // 1_000_000
    os.kill(world.stack()["pids"][slot], signal.SIGKILL)
    return hurt_at_ms


DEATHS = Work(
    "deaths",
    (
        Row("takeover_dispatcher", "s", at_most(5.0)),
        Row("takeover_router", "s", at_most(5.0)),
        Row("reconnect", "s", at_most(10.0)),
    ),
    70,
    measure,
)

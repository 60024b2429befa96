"""How long a kill -9 is felt: dispatcher, router and gateway, one after the other under load."""

import os
import signal
import time
from collections.abc import Mapping

from bench.figures import Figure, Row, at_most
from bench.rows.load import AHT_S
from bench.simulation import Load, Simulation
from bench.watching import (
    FACTS,
    RULINGS,
    LogWatch,
    decided_again_ms,
    signed_in_again_ms,
)
from bench.work import Work
from bench.world import World

ALLOTTED = frozenset({"queued", "offered"})
RULED = frozenset({"routed", "held", "refused"})
_STEADY_S = 5.0
"""Of undisturbed load before each kill."""
_AGAIN_WITHIN_S = 30.0
_LASTS_S = 35.0


def measure(world: World) -> Mapping[str, Figure]:
    """Kill each in turn under the default load; the supervisor starts it again."""
    load = Load(world.rate_per_s, _STEADY_S, _LASTS_S, AHT_S)
    with Simulation(world, load) as simulation:
        simulation.begin()
        figures = {
            "takeover_dispatcher": _takeover(world, "dispatcher-0", FACTS, ALLOTTED),
            "takeover_router": _takeover(world, "router-0", RULINGS, RULED),
            "reconnect": _reconnect(world),
        }
        simulation.report()
    return figures


def _takeover(world: World, slot: str, topic: str, kinds: frozenset[str]) -> Figure:
    stack = world.stack()
    time.sleep(_STEADY_S)
    with LogWatch(stack["kafka"], topic, stack["partitions"]) as watch:
        before = watch.reigns()
        hurt_at_ms = _kill(world, slot)
        again_ms = decided_again_ms(watch.records(_AGAIN_WITHIN_S), before, kinds, hurt_at_ms)
    return Figure(again_ms / 1_000)


def _reconnect(world: World) -> Figure:
    stack = world.stack()
    time.sleep(_STEADY_S)
    with LogWatch(stack["kafka"], FACTS, stack["partitions"]) as watch:
        hurt_at_ms = _kill(world, "gateway-0")
        back_ms = signed_in_again_ms(watch.records(_AGAIN_WITHIN_S), world.sessions, hurt_at_ms)
    return Figure(back_ms / 1_000)


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
    80,
    measure,
)

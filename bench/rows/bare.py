"""The limit of a load: the bare path on the bench's servers, beside its idle services.

They stay: idle they take a tenth of a core, and paused for so long they would end themselves.
"""

from typing import Any

from bench.bare_path import knee as bare_knee
from bench.bare_path.run import run, servers
from bench.bare_path.setting import BareLoad
from bench.knee import MEASURED_S, WARM_UP_S
from bench.world import World

STREAMS = 225
_AHT_S = 5.0
"""Of the limit of every load: once it is steady as many calls end as begin, whatever they take, and
short ones are steady sooner."""
_STEADY_AFTER_S = 9.0
_SECONDS = 10.0
_KNEE_FROM_PER_S = 1_200.0
_FINISH_S = 5.0
"""Of a load that may be too much."""


def at(world: World, rate_per_s: float) -> dict[str, Any]:
    """Run a load over the bare path; return what it took."""
    load = _load(world, rate_per_s, _SECONDS, _STEADY_AFTER_S, STREAMS)
    return _run(world, load)


def knee(world: World, streams: int) -> bare_knee.Found:
    """Search the highest load that the bare path holds."""

    def try_load(rate_per_s: float) -> dict[str, Any]:
        load = _load(world, rate_per_s, MEASURED_S, WARM_UP_S, streams)
        return _run(world, load)

    return bare_knee.find(try_load, _KNEE_FROM_PER_S * world.scale)


def _load(
    world: World, rate_per_s: float, seconds: float, warm_up_s: float, streams: int
) -> BareLoad:
    partitions = world.stack()["partitions"]
    return BareLoad(rate_per_s, seconds, warm_up_s, _AHT_S, streams, partitions, _FINISH_S)


def _run(world: World, load: BareLoad) -> dict[str, Any]:
    stack = world.stack()
    world.say(f"  the bare path at {load.rate_per_s:.0f} contacts/s")
    result = run(stack["kafka"], stack["postgres"], load, servers(stack["pids"]))
    if not result["ok"]:
        world.violations.append(f"bare path: a contact was lost or doubled: {result}")
    spread, speed = result["offer_ms"], result["plain_loop_s"]
    world.say(f"    p50 {spread['p50']:g} ms, p99 {spread['p99']:g} ms, a plain loop {speed} s")
    return result

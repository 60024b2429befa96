"""Offers under the default load and in the peak hour, and what a whole contact costs there."""

import os
from collections.abc import Iterable, Mapping

from bench.figures import Figure, Row, at_most
from bench.rows import bare
from bench.simulation import CALLERS, Load, Run, simulate
from bench.work import Work
from bench.world import World

SERVICES = ("intake", "router", "dispatcher", "gateway", "recorder")
SPENDERS = (*SERVICES, "supervisor", "kafka", "postgres", CALLERS)
AHT_S = 20.0
PEAK_AHT_S = 57.0
_MINUTE_S = 60.0
_MEASURED_S = 20.0
_RAMP_S = 90.0
"""98 % of the calls of a steady peak hour go on by then; the rest are those that last longer."""


def measure_default(world: World) -> Mapping[str, Figure]:
    """Measure after a minute of load, which is also the one that later work relies on."""
    run = _first_minute(world)
    limit = bare.at(world, world.rate_per_s)
    durable = run.report["outcome_durable_ms"]
    return {
        **offers("offer", run, limit["offer_ms"]),
        "outcome_durable_p99": Figure(durable["p99"] if durable["n"] else None),
        **costs("cpu_us", run, limit["cpu_us"]),
    }


def measure_peak(world: World) -> Mapping[str, Figure]:
    """Measure the peak hour once as many calls go on as end."""
    load = Load(world.rate_per_s, world.lasting(_RAMP_S), world.lasting(_MEASURED_S), PEAK_AHT_S)
    run = simulate(world, load)
    return offers("peak_offer", run, bare.at(world, world.rate_per_s)["offer_ms"])


def measure_memory(world: World) -> Mapping[str, Figure]:
    """Give the peak of every process over all runs; make one if there was none."""
    if not world.peak_mb:
        simulate(world, default_load(world))
    return {f"rss_mb_{kind}": Figure(mb) for kind, mb in world.peak_mb.items()}


def default_load(world: World) -> Load:
    """Return the default load after a minute of the same."""
    return Load(world.rate_per_s, world.lasting(_MINUTE_S), world.lasting(_MEASURED_S), AHT_S)


def warm_up(world: World) -> None:
    """Give the stack its minute of load, unless it had it."""
    if not world.warm:
        world.say("  a minute of load first")
        _first_minute(world)


def offers(prefix: str, run: Run, bare_ms: Mapping[str, float]) -> dict[str, Figure]:
    """Set a run's offers against those of the bare path in the same minute."""
    return {
        f"{prefix}_{share}": Figure(run.offer_ms.get(share), bare_ms.get(share))
        for share in ("p50", "p99")
    }


def costs(prefix: str, run: Run, bare_us: Mapping[str, float]) -> dict[str, Figure]:
    """Give a contact's CPU by process, and their sum without the callers, beside the limit's."""
    names = {kind: f"{prefix}_{kind}" for kind in run.cpu_us}
    spent = {name: Figure(run.cpu_us[kind], bare_us.get(kind)) for kind, name in names.items()}
    return {**spent, f"{prefix}_total": Figure(_total(run.cpu_us), _total(bare_us))}


def cost_rows(prefix: str) -> Iterable[Row]:
    """Name the rows of `costs`, the sum aside."""
    return (Row(f"{prefix}_{kind}", "us/contact") for kind in SPENDERS)


def _first_minute(world: World) -> Run:
    run = simulate(world, default_load(world))
    world.warm = True
    if total_us := sum(run.cpu_us.values()):
        world.full_per_s = len(os.sched_getaffinity(0)) * 1e6 / total_us
    return run


def _total(cpu_us: Mapping[str, float]) -> float | None:
    return sum(us for kind, us in cpu_us.items() if kind != CALLERS) if cpu_us else None


DEFAULT = Work(
    "default_load",
    (
        Row("offer_p50", "ms", at_most(5.0)),
        Row("offer_p99", "ms", at_most(30.0)),
        Row("outcome_durable_p99", "ms", at_most(500.0)),
        *cost_rows("cpu_us"),
        Row("cpu_us_total", "us/contact"),
    ),
    135,
    measure_default,
)
PEAK = Work(
    "peak_hour",
    (Row("peak_offer_p50", "ms", at_most(8.0)), Row("peak_offer_p99", "ms", at_most(40.0))),
    185,
    measure_peak,
)
MEMORY = Work(
    "memory",
    (
        *(Row(f"rss_mb_{kind}", "MB", at_most(200.0)) for kind in (*SERVICES, "supervisor")),
        *(Row(f"rss_mb_{kind}", "MB") for kind in ("kafka", "postgres")),
    ),
    1,
    measure_memory,
)

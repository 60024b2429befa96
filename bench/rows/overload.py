"""Three times the knee: what is taken keeps its time, the rest is told to come again."""

from collections.abc import Mapping

from bench.figures import Figure, Row, at_most
from bench.rows.knee import AHT_S, STREAMS, first_load
from bench.rows.load import warm_up
from bench.simulation import Load, Run, simulate
from bench.work import Work
from bench.world import World

TIMES = 3.0
_MEASURED_S = 15.0
_SETTLES_S = 10.0
"""Of load before it is measured: as long as the share that is held takes to find its place."""
_AFTER_S = 10.0


def measure(world: World) -> Mapping[str, Figure]:
    """Overload the stack for a while, then give it the default load without a pause."""
    warm_up(world)
    rate_per_s = TIMES * (world.knee_per_s or first_load(world))
    world.say(f"  {rate_per_s:.0f} contacts/s")
    run = simulate(world, Load(rate_per_s, _SETTLES_S, _MEASURED_S, AHT_S, STREAMS))
    world.say("  the default load again")
    after = simulate(world, Load(world.rate_per_s, 0.0, _AFTER_S, AHT_S, STREAMS))
    return {
        "overload_offer_p99": Figure(run.offer_ms.get("p99"), note=_sent(rate_per_s, run)),
        "overload_offers": Figure(run.report["offers_per_second"]),
        "overload_held": Figure(run.report["held"] / run.report["contacts"]),
        "after_overload_offer_p99": Figure(after.offer_ms.get("p99")),
        "after_overload_held": Figure(after.report["held"] / after.report["contacts"]),
    }


def _sent(rate_per_s: float, run: Run) -> str:
    late_ms = run.report["sender_late_ms"]
    return f"at {rate_per_s:.0f} contacts/s; the sender was up to {late_ms:.0f} ms late"


OVERLOAD = Work(
    "overload",
    (
        Row("overload_offer_p99", "ms", at_most(100.0)),
        Row("overload_offers", "offers/s"),
        Row("overload_held", "ratio"),
        Row("after_overload_offer_p99", "ms", at_most(100.0)),
        Row("after_overload_held", "ratio"),
    ),
    65,
    measure,
)

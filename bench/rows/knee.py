"""The knee: the highest load at which offers still come in time."""

from collections.abc import Mapping

from bench import knee
from bench.bare_path.knee import Found
from bench.figures import Figure, Row, at_least, at_most
from bench.knee import Search, highest, rounded
from bench.rows import bare, peer
from bench.rows.load import cost_rows, costs, warm_up
from bench.simulation import Load, Run, simulate
from bench.work import Work
from bench.world import World

STREAMS = 16
AHT_S = 5.0
_START = 0.75
"""Share of the load that would fill the cores at which the search begins: queues grow before."""


def measure(world: World) -> Mapping[str, Figure]:
    """Search the knee by short runs, then the limit's and the peer's in the same minutes."""
    warm_up(world)
    at_knee: dict[float, Run] = {}

    def holds(rate_per_s: float) -> bool:
        run = _try(world, rate_per_s)
        if is_in_time(run, rate_per_s):
            at_knee[rate_per_s] = run
        return rate_per_s in at_knee

    search = highest(holds, first_load(world))
    world.knee_per_s = search.held
    limit = bare.knee(world, STREAMS)
    figures = {
        "knee": Figure(search.held or None, limit.search.held, _ends(search, limit)),
        "peer_knee": peer.knee_per_s(world),
    }
    if search.held:
        figures |= costs("cpu_us_knee", at_knee[search.held], limit.best.get("cpu_us", {}))
    return figures


def first_load(world: World) -> float:
    """Return where to begin: below what fills the cores, by the last load, or at its rate."""
    return rounded(_START * world.full_per_s or world.rate_per_s)


def upper_end(search: Search) -> str:
    """Say between what the knee is: the figure is the lower end."""
    if search.missed is None:
        return "every load that was tried held"
    return f"{search.missed:g} did not hold"


def _ends(search: Search, limit: Found) -> str:
    return f"{upper_end(search)}; of the limit, {upper_end(limit.search)}"


def is_in_time(run: Run, rate_per_s: float) -> bool:
    """Tell whether offers came in time, and as many as contacts did."""
    return knee.holds(run.report, rate_per_s)


def _try(world: World, rate_per_s: float) -> Run:
    world.say(f"  {rate_per_s:.0f} contacts/s")
    load = Load(rate_per_s, knee.WARM_UP_S, knee.MEASURED_S, AHT_S, STREAMS)
    return simulate(world, load)


KNEE = Work(
    "knee_search",
    (
        Row("knee", "offers/s", at_least(2_000.0)),
        Row("peer_knee", "offers/s"),
        *cost_rows("cpu_us_knee"),
        Row("cpu_us_knee_total", "us/contact", at_most(1_000.0)),
    ),
    310,
    measure,
)

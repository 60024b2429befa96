"""The knee: the highest load at which offers still come in time."""

from collections.abc import Callable, Mapping

from bench import knee
from bench.figures import Figure, Row, at_least, at_most
from bench.knee import Search
from bench.rows import peer
from bench.rows.load import cost_rows, costs, warm_up
from bench.simulation import Load, Run, simulate
from bench.work import Work
from bench.world import World

STREAMS = 16
AHT_S = 5.0
_START_PER_S = 1_000.0
_APART = 0.125
"""The search ends when the load that held and the one that did not are this close."""
_TRIES = 4
_WARM_UP_S = 8.0
_MEASURED_S = 8.0


def highest(holds: Callable[[float], bool], start: float, tries: int = _TRIES) -> float | None:
    """Search the highest load that holds: doubled while it does, halved between from then on.

    Args:
        holds: Tries a load; monotone but for noise.
        start: First load to try.
        tries: At most so many are tried.

    Returns:
        The highest that held; None if none did.
    """
    search = Search(start)
    for _ in range(tries):
        if search.is_within(_APART):
            break
        search.note(held=holds(search.load))
    return search.held or None


def measure(world: World) -> Mapping[str, Figure]:
    """Search the knee by short runs, then the peer's in the same minutes."""
    warm_up(world)
    at_knee: dict[float, Run] = {}

    def holds(rate_per_s: float) -> bool:
        run = _try(world, rate_per_s)
        if is_in_time(run, rate_per_s):
            at_knee[rate_per_s] = run
        return rate_per_s in at_knee

    found = highest(holds, _START_PER_S * world.scale)
    peers = peer.knee_per_s(world)
    figures = {"knee": Figure(found, peers.value, peers.note), "peer_knee": peers}
    if found is not None:
        figures |= costs("cpu_us_knee", at_knee[found])
    return figures


def is_in_time(run: Run, rate_per_s: float) -> bool:
    """Tell whether offers came in time, and as many as contacts did."""
    return knee.holds(run.report, rate_per_s)


def _try(world: World, rate_per_s: float) -> Run:
    world.say(f"  {rate_per_s:.0f} contacts/s")
    load = Load(rate_per_s, _WARM_UP_S, _MEASURED_S, AHT_S, STREAMS)
    return simulate(world, load)


KNEE = Work(
    "knee_search",
    (
        Row("knee", "offers/s", at_least(2_000.0)),
        Row("peer_knee", "offers/s"),
        *cost_rows("cpu_us_knee"),
        Row("cpu_us_knee_total", "us/contact", at_most(1_000.0)),
    ),
    290,
    measure,
)

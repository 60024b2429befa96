"""The knee: the highest load at which offers still come in time."""

from collections.abc import Callable, Mapping

from bench.figures import Figure, Row, at_least, at_most
from bench.rows import peer
from bench.rows.load import cost_rows, costs, warm_up
from bench.simulation import Load, Run, simulate
from bench.work import Work
from bench.world import World

OFFER_P99_MS = 100.0
RATE_SHARE = 0.95
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
    low, high = 0.0, start
    missed = False
    for _ in range(tries):
        if missed and high - low <= _APART * high:
            break
        load = (low + high) / 2 if missed else high
        if holds(load):
            low = load
            high = high if missed else 2 * high
        else:
            high, missed = load, True
    return low or None


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
    keeps_up = run.report["offers_per_second"] >= RATE_SHARE * rate_per_s
    return keeps_up and run.offer_ms.get("p99", OFFER_P99_MS + 1) <= OFFER_P99_MS


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

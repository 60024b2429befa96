"""The obvious alternative, contacts and callers as rows of Postgres, in the same minutes."""

import importlib.util
from collections.abc import Mapping
from typing import Any

from bench.figures import Figure, Row
from bench.work import Work
from bench.world import World, WorldError, run_module

MODULE = "bench.peers.postgres_queue"
_WITHIN_S = 240.0
_MEASURED_S = 10.0
_KNEE_FROM_PER_S = 2_000.0


def ask(*arguments: str, module: str = MODULE) -> tuple[dict[str, Any], str]:
    """Run the peer; return its figures, or none and why."""
    if not _is_there(module):
        return {}, f"{module} is not there"
    try:
        return run_module(module, *arguments, "--json", within_s=_WITHIN_S), ""
    except WorldError as error:
        return {}, str(error)


def measure_offers(world: World) -> Mapping[str, Figure]:
    """Ask the peer for its offers at the default load."""
    rate, seconds = f"{world.rate_per_s:g}", f"{world.lasting(_MEASURED_S):g}"
    answer, why_not = ask(*_size(world), "--rate", rate, "--seconds", seconds)
    spread = answer.get("offer_ms", {})
    return {
        f"peer_offer_{share}": Figure(spread.get(share), note=why_not) for share in ("p50", "p99")
    }


def knee_per_s(world: World) -> Figure:
    """Ask the peer for the highest load that it holds."""
    answer, why_not = ask(*_size(world), "--rate", f"{_KNEE_FROM_PER_S * world.scale:g}", "--knee")
    return Figure(answer.get("knee_per_second"), note=why_not)


def _size(world: World) -> tuple[str, ...]:
    # It has a database of its own on the same server.
    world.stack()
    return ("--state", str(world.state), "--sessions", str(world.sessions))


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # its package is not there either
        return False


OFFERS = Work(
    "peer", (Row("peer_offer_p50", "ms"), Row("peer_offer_p99", "ms")), 30, measure_offers
)

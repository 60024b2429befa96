"""Find the highest load that holds, by few runs."""

from collections.abc import Awaitable, Callable

from bench.knee import Search


async def find_knee(
    start: float, holds: Callable[[float], Awaitable[bool]], runs_max: int
) -> float:
    """Double the load until it does not hold, then halve the gap; 0 if none held.

    Args:
        start: The first load.
        holds: Runs a load.
        runs_max: Runs in all.
    """
    search = Search(start)
    for _ in range(runs_max):
        search.note(held=await holds(search.load))
    return search.held

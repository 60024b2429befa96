"""Find the highest load that holds, by few runs."""

from collections.abc import Awaitable, Callable

from bench.knee import Search


async def find_knee(
    start: float, holds: Callable[[float], Awaitable[bool]], runs_max: int
) -> float:
    """Search as `bench.knee` does; 0 if no load held.

    Args:
        start: The first load.
        holds: Runs a load.
        runs_max: Runs at most.
    """
    search = Search(start, tries=runs_max)
    while not search.over:
        search.note(held=await holds(search.load))
    return search.held

"""Find the highest load that holds, by few runs."""

from collections.abc import Awaitable, Callable


async def find_knee(
    start: float, holds: Callable[[float], Awaitable[bool]], runs_max: int
) -> float:
    """Double the load until it does not hold, then halve the gap; 0 if none held.

    Args:
        start: The first load.
        holds: Runs a load.
        runs_max: Runs in all.
    """
    held, failed, load = 0.0, 0.0, start
    for _ in range(runs_max):
        if await holds(load):
            held = load
        else:
            failed = load
        load = (held + failed) / 2 if failed else held * 2
    return held

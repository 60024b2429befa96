"""Turn the callers' agenda into time passing on the event loop."""

import asyncio

from services.simulator.handlers.crowd import Crowd
from services.simulator.ports import Ticks

_LONGEST_S = 1.0


async def pump(crowd: Crowd, ticks: Ticks) -> None:
    """Let callers act when they are due, until cancelled."""
    wake = asyncio.Event()
    crowd.woken = wake.set
    while True:
        next_ms = crowd.act()
        wake.clear()
        pause_s = min(max(0.0, (next_ms - ticks.now_ms()) / 1_000.0), _LONGEST_S)
        try:
            async with asyncio.timeout(pause_s):
                await wake.wait()
        except TimeoutError:
            continue

"""Turn the callers' agenda into time passing on the event loop."""

import asyncio

from services.simulator.handlers.crowd import Crowd

TICK_S = 0.005
"""How finely a person's time is drawn. What callers do within it leaves in one go, which costs the
rehearsal, and the gateway, half as much as a wake-up for each; contacts keep their exact times."""


async def pump(crowd: Crowd) -> None:
    """Let callers act when they are due, until cancelled."""
    while True:
        crowd.act()
        await asyncio.sleep(TICK_S)

"""One end of a stream: what waits for a frame, and the gap between two, the same at both ends."""

import asyncio
from collections.abc import Awaitable, Callable

from services.gateway.adapters.grpc_in import FRAME_GAP_S

METHOD = "/bare.Path/Connect"
STREAM = "stream"
"""Metadata that names a desk's stream."""


class Frames:
    """First frame at once, the next a gap later with what gathered."""

    def __init__(self) -> None:
        self.written = 0
        self._waiting: list[bytes] = []
        self._wake = asyncio.Event()

    def put(self, event: bytes) -> None:
        """Let an event wait for the next frame."""
        self._waiting.append(event)
        self._wake.set()

    async def write(self, out: Callable[[bytes], Awaitable[object]]) -> None:
        """Write frames until cancelled."""
        loop = asyncio.get_running_loop()
        next_at_s = 0.0
        while True:
            await self._wake.wait()
            if (early_s := next_at_s - loop.time()) > 0:
                await asyncio.sleep(early_s)
            next_at_s = loop.time() + FRAME_GAP_S
            frame = b"".join(self._waiting)
            self._waiting.clear()
            self._wake.clear()
            await out(frame)
            self.written += 1

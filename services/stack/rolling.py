"""Restart every service of a stack, one after the other, each ready before the next one leaves."""

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from services.stack import readiness
from services.stack.child import Child

RESTART_SIGNAL = signal.SIGHUP
"""Asks the supervisor for one."""
READY_WITHIN_S = 60.0
READY_BAR_S = 10.0
"""A service that takes longer is named among the missed bars."""
ASK_EVERY_S = 0.05

log = logging.getLogger(__name__)


@dataclass
class Progress:
    """Hold how far a rolling restart is."""

    number: int = 0
    """Counts them; 0 before the first."""
    phase: Literal["none", "running", "done", "failed"] = "none"
    now: str = ""
    """Which service is being restarted."""
    restarted: list[dict[str, Any]] = field(default_factory=list)
    """Each with its name, and the seconds from the wish to leave to being ready again."""
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return asdict(self)


class RollingRestart:
    """Restarts services in the order given; a second wish meanwhile changes nothing."""

    def __init__(self, changed: Callable[[], None]) -> None:
        """Take whom to tell of every step."""
        self.progress = Progress()
        self._changed = changed

    async def run(self, services: Sequence[Child]) -> None:
        """Restart them, and stop at the first that does not become ready.

        Whoever is not ready before is not touched, nor anybody after it: its work may be with the
        one that would leave next.
        """
        if self.progress.phase == "running":
            return
        self.progress = Progress(self.progress.number + 1, "running")
        for child in services:
            self._now(child.command.name)
            if not await _is_ready(child):
                self._fail(f"{child.command.name} is not ready before its restart: mend it first")
                return
            began = time.monotonic()
            left = child.standing.process
            await child.start_again()
            if not await self._is_back(child, left):
                self._fail(f"{child.command.name} is not ready after {READY_WITHIN_S:g} s")
                return
            seconds = round(time.monotonic() - began, 3)
            self.progress.restarted.append({"name": child.command.name, "seconds": seconds})
        self.progress.phase, self.progress.now = "done", ""
        self._changed()

    async def _is_back(self, child: Child, left: object) -> bool:
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline and child.standing.state != "refused":
            if child.standing.process not in (None, left) and await _is_ready(child):
                return True
            await asyncio.sleep(ASK_EVERY_S)
        return False

    def _now(self, name: str) -> None:
        self.progress.now = name
        self._changed()

    def _fail(self, why: str) -> None:
        log.error("rolling restart: %s", why)
        self.progress.phase, self.progress.error = "failed", why
        self._changed()


async def _is_ready(child: Child) -> bool:
    # A page is asked in a thread: the supervisor goes on keeping its children meanwhile.
    return await asyncio.to_thread(readiness.is_ready, child.as_json())

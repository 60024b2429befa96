"""Keep one process running until it is told to stop."""

import asyncio
import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from services.stack.command import Command
from services.stack.processes import KILL_WAIT_S, ProcessId, identify

State = Literal["waiting", "running", "refused", "stopped"]

BAD_SETTINGS_EXIT = 78
"""The process says that starting it again cannot help."""

STEADY_S = 30.0
"""Whoever ran this long did not die of its start: its next restart is at once again."""
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 10.0

log = logging.getLogger(__name__)


def restart_delay_s(deaths_in_a_row: int) -> float:
    """Give the seconds to wait before the next start: none at first, then doubling to a limit."""
    if deaths_in_a_row <= 1:
        return 0.0
    doublings = min(deaths_in_a_row - 2, 10)
    return min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0**doublings)


@dataclass
class Standing:
    """Hold what can be said of a child now."""

    state: State = "waiting"
    process: ProcessId | None = None
    up_since: str | None = None
    restarts: int = 0
    last_exit: int | None = None


class Child:
    """Own one process of the stack: start it, start it again when it dies, stop it."""

    def __init__(self, command: Command, log_path: Path, changed: Callable[[], None]) -> None:
        """Take what to run, the log to append to, and whom to tell of every change."""
        self.command = command
        self.standing = Standing()
        self._log_path = log_path
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._again = False
        """Whether the next end of the process was asked for, to start it anew."""

    def as_json(self) -> dict[str, Any]:
        """Give the child's standing as plain values."""
        standing, process = self.standing, self.standing.process
        return {
            "state": standing.state,
            "pid": process.pid if process else None,
            "started_ticks": process.started_ticks if process else None,
            "up_since": standing.up_since,
            "restarts": standing.restarts,
            "last_exit": standing.last_exit,
            "ports": self.command.ports,
            "stop_signal": self.command.stop_signal.name,
        }

    async def keep(self) -> None:
        """Run the process, again and again, until `stop` or until it refuses its settings."""
        deaths_in_a_row = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            code = await self._run_once()
            if self._stopping.is_set():
                break
            if code == BAD_SETTINGS_EXIT:
                log.error("%s refuses its settings; see its log", self.command.name)
                self._become("refused")
                return
            if self._again:
                self._again, deaths_in_a_row = False, 0
                log.info("%s starts again, as asked", self.command.name)
            else:
                steady = time.monotonic() - started >= STEADY_S
                deaths_in_a_row = 1 if steady else deaths_in_a_row + 1
                log.warning("%s ended with %s", self.command.name, code)
            self._become("waiting")
            await self._pause(restart_delay_s(deaths_in_a_row))
            self.standing.restarts += 1
        self._become("stopped")

    async def stop(self) -> None:
        """Ask the process to end, wake it if it is paused, and kill it past its deadline.

        Returns when the process is gone. Repeats change nothing.
        """
        self._stopping.set()
        await self._end()

    async def start_again(self) -> None:
        """End the process as `stop` does; `keep` starts it again at once."""
        self._again = self._process is not None
        await self._end()

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        self._signal(process, self.command.stop_signal)
        self._signal(process, signal.SIGCONT)
        try:
            await asyncio.wait_for(process.wait(), self.command.stop_within_s)
        except TimeoutError:
            log.warning("%s ignored its deadline and is killed", self.command.name)
            self._signal(process, signal.SIGKILL)
            await asyncio.wait_for(process.wait(), KILL_WAIT_S)

    async def _run_once(self) -> int | None:
        """Run the process to its end and give its exit code; None if it could not be started."""
        command = self.command
        try:
            with self._log_path.open("ab") as output:
                process = await asyncio.create_subprocess_exec(
                    *command.tied_argv(),
                    env=command.environment,
                    cwd=command.folder,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=asyncio.subprocess.STDOUT,
                )
        except OSError:
            log.exception("%s cannot be started", command.name)
            return None
        self._process = process
        self.standing.process = identify(process.pid)
        self.standing.up_since = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._become("running")
        if self._stopping.is_set():
            await self.stop()
        code = await process.wait()
        self._process = None
        self.standing.process = None
        self.standing.up_since = None
        self.standing.last_exit = code
        return code

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    def _become(self, state: State) -> None:
        self.standing.state = state
        self._changed()

    @staticmethod
    def _signal(process: asyncio.subprocess.Process, wanted: signal.Signals) -> None:
        try:
            process.send_signal(wanted)
        except ProcessLookupError:
            return

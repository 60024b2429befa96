"""What measurements work on: a stack of their own, brought up when the first one asks for it."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.runtime.command_line import last_object
from services.simulator.adapters.files import map_file
from services.stack.layout import REPOSITORY

CENTRES = 225
SESSIONS = 20_000
RATE_PER_S = 300.0
_SHORTEST_S = 3.0
_COMMAND_WITHIN_S = 300.0
_MARK = Path("logs", "bench")
"""Where a reset of the stack takes it away, too."""


class WorldError(Exception):
    """The stack cannot be used; the message names the remedy."""


@dataclass
class World:
    """The bench's stack; leaving the block takes it down."""

    state: Path
    say: Callable[[str], None]
    """Takes a line of progress."""
    scale: float = 1.0
    """Share of sessions, load and durations; below 1 it is a trial whose figures mean nothing."""
    violations: list[str] = field(default_factory=list)
    """Promises that a run saw broken."""
    warm: bool = False
    """Whether the stack has had a minute of load."""
    full_per_s: float = 0.0
    """Contacts a second that would fill every core, by the CPU that one took then; 0 before."""
    knee_per_s: float = 0.0
    """Highest load at which offers came in time; 0 before it was searched."""
    peak_mb: dict[str, float] = field(default_factory=dict)
    """Peak memory by process, over all runs."""
    _up: bool = False
    _up_since_s: float = 0.0
    """Monotonic."""
    _broken: str = ""
    """Why the stack did not come up; it is not tried twice."""

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        if self._up:
            self.say(f"taking the stack in {self.state} down")
            self._up = False
            run_module("services.stack", "down", "--state", str(self.state))

    @property
    def sessions(self) -> int:
        """Caller sessions of every run."""
        return max(2 * CENTRES, round(SESSIONS * self.scale))

    @property
    def rate_per_s(self) -> float:
        """Contacts a second of the default load."""
        return RATE_PER_S * self.scale

    @property
    def age_s(self) -> float:
        """Seconds since the stack was brought up empty: its logs are not older."""
        return time.monotonic() - self._up_since_s

    def lasting(self, seconds: float) -> float:
        """Return how long something of that length lasts at this scale."""
        return max(min(seconds, _SHORTEST_S), seconds * self.scale)

    def stack(self) -> dict[str, Any]:
        """Return the endpoints of the stack, after bringing it up if need be.

        Raises:
            WorldError: It does not come up, or the state folder is somebody else's.
        """
        if self._broken:
            raise WorldError(self._broken)
        if not self._up:
            try:
                self._bring_up()
            except WorldError as error:
                self._broken = str(error)
                raise
        endpoints: dict[str, Any] = json.loads((self.state / "endpoints.json").read_text())
        return endpoints

    def _bring_up(self) -> None:
        mark = self.state / _MARK
        if (self.state / "stack.json").exists():
            if not mark.exists():
                raise WorldError(
                    f"state: {self.state} holds a stack that is not the bench's, and the bench "
                    "begins with an empty one; give another STATE"
                )
            # Audits count the whole log: what earlier runs wrote would make them longer each time.
            run_module("services.stack", "reset", "--state", str(self.state))
        self.say(f"bringing a stack up in {self.state}")
        self._up = True
        self._up_since_s = time.monotonic()
        try:
            run_module("services.stack", "up", "--state", str(self.state))
        finally:
            if mark.parent.is_dir():
                mark.touch()
        published = ("map", "publish", str(map_file(CENTRES)), "--state", str(self.state))
        run_module("services.cli", *published, "--json")


def run_module(module: str, *arguments: str, within_s: float = _COMMAND_WITHIN_S) -> dict[str, Any]:
    """Run a command of this project and return the object on its last line.

    Raises:
        WorldError: It failed; the message is its own.
    """
    # A session of its own: an interrupt at the terminal is for the bench, which cleans up in order.
    process = subprocess.Popen(
        (sys.executable, "-m", module, *arguments),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=within_s)
    except subprocess.TimeoutExpired:
        raise WorldError(f"{module} {arguments[0]}: no end after {within_s:.0f} s") from None
    finally:
        end(process)
    answer = last_object(output)
    if process.returncode != 0:
        reason = answer.get("error") or f"exit {process.returncode}"
        raise WorldError(f"{module} {arguments[0]}: {reason}")
    return answer


def end(process: "subprocess.Popen[Any]", within_s: float = 60.0) -> None:
    """End a process that may still run, in order if it can."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

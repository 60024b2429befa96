"""Describe a process to be started."""

import signal
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Command:
    """Hold what it takes to start one process of the stack, and to stop it."""

    name: str
    argv: tuple[str, ...]
    environment: dict[str, str]
    folder: Path
    """Where it is started."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within_s: float = 20.0
    ports: dict[str, int] = field(default_factory=dict)

    def tied_argv(self) -> tuple[str, ...]:
        """Give the arguments under which the process is asked to stop when its parent dies."""
        return (*tie(self.stop_signal), *self.argv)


def tie(stop_signal: signal.Signals) -> tuple[str, ...]:
    """Give the prefix under which a program is sent this signal when its parent dies."""
    return ("setpriv", "--pdeathsig", stop_signal.name.removeprefix("SIG"), "--")


def plain_environment(environment: dict[str, str]) -> dict[str, str]:
    """Leave out this project's settings: each process gets exactly its own."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(("SEATLINE_", "JAVA_TOOL_OPTIONS", "PG"))
    } | {"PYTHONUNBUFFERED": "1"}

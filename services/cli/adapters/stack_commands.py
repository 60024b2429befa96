"""The stack's own commands, as processes: a recovery takes it down and brings it up."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services.cli.errors import NotDoneError

REPOSITORY = Path(__file__).resolve().parents[3]
WITHIN_S = 240.0
SERVICES = ("intake", "router", "dispatcher", "gateway", "recorder", "feeder", "monitor")


class StackCommands:
    """One stack, by its state folder."""

    def __init__(self, state: Path) -> None:
        self._state = state.absolute()
        self._slots = _slots(_json(self._state / "status.json"))

    @property
    def is_up(self) -> bool:
        """True when it says where it answers."""
        return (self._state / "endpoints.json").exists()

    def running(self) -> tuple[str, ...]:
        """Name the services that run."""
        pids = _json(self._state / "endpoints.json").get("pids", {})
        return tuple(sorted(name for name in pids if name.rpartition("-")[0] in SERVICES))

    def up(self, only: str | None = None) -> None:
        """Start it, or some parts of it, with as many processes as it had.

        Raises:
            NotDoneError: It cannot be started.
        """
        if not (self._state / "stack.json").exists():
            raise NotDoneError(
                f"--state: {self._state} holds no stack; there is nothing to recover"
            )
        sizes = [part for kind, count in self._slots.items() for part in (f"--{kind}s", str(count))]
        self._run("up", *sizes, *(("--only", only) if only else ()))

    def down(self) -> None:
        """Stop all of it.

        Raises:
            NotDoneError: It cannot be stopped.
        """
        self._run("down")

    @contextmanager
    def servers(self) -> Iterator[bool]:
        """Have broker and database up; tell whether this started them, and stop them then."""
        started = not self.is_up
        if started:
            self.up("kafka,postgres")
        try:
            yield started
        finally:
            if started:
                self.down()

    def _run(self, *arguments: str) -> None:
        command = (sys.executable, "-m", "services.stack", *arguments, "--state", str(self._state))
        try:
            done = subprocess.run(  # noqa: S603 (a module of this repository)
                command,
                cwd=REPOSITORY,
                stdout=subprocess.PIPE,
                text=True,
                timeout=WITHIN_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NotDoneError(f"the stack did not finish `{arguments[0]}` in time") from None
        if done.returncode:
            said = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
            raise NotDoneError(f"`{arguments[0]}`: {said.get('error', 'it failed')}")


def _json(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _slots(status: Mapping[str, Any]) -> dict[str, int]:
    slots = (status.get("plan") or {}).get("slots") or {}
    return {str(kind): int(count) for kind, count in slots.items()}

"""The stack from outside: its commands as processes, its whereabouts from `endpoints.json`."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.runtime.command_line import last_object

UP_WITHIN_S = 240.0
DOWN_WITHIN_S = 240.0
PLAN_WITHIN_S = 60.0
PUBLISH_WITHIN_S = 60.0
AUDIT_WITHIN_S = 300.0


class StackError(Exception):
    """The stack cannot be used; the message names the remedy."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where and as what the stack is found."""

    kafka: str
    postgres: str
    gateways: tuple[str, ...]
    pids: Mapping[str, int]
    login_token: str
    key_file: Path
    partitions: int
    policy_offset_s: int


class Stack:
    """One stack, by its state folder."""

    def __init__(self, state: Path) -> None:
        self.state = state

    def refuse_live(self) -> None:
        """Make sure that this is no live stack; one that does not exist yet is none.

        Raises:
            StackError: It is live.
        """
        for name in ("stack.json", "endpoints.json"):
            mode = _json_file(self.state / name).get("mode", "rehearsal")
            if mode != "rehearsal":
                raise StackError(
                    f"state: the stack in {self.state} is {mode}; simulated callers work on a "
                    "rehearsal stack only, take another --state"
                )

    def endpoints(self) -> Endpoints:
        """Read where the stack is found now.

        Raises:
            StackError: It is down, or lacks something that a rehearsal needs.
        """
        found = _json_file(self.state / "endpoints.json")
        if not found:
            raise StackError(f"state: no stack is up in {self.state}; run `make up`")
        missing = [name for name in ("kafka", "postgres", "gateways") if not found.get(name)]
        if missing:
            raise StackError(f"state: the stack runs without {', '.join(missing)}; take it down")
        return Endpoints(
            kafka=found["kafka"],
            postgres=found["postgres"],
            gateways=tuple(found["gateways"]),
            pids=found["pids"],
            login_token=found["login_token"],
            key_file=Path(found["key_file"]),
            partitions=found["partitions"],
            policy_offset_s=found["policy_offset_s"],
        )

    async def up(self, sizes: Sequence[str]) -> None:
        """Bring the stack up, as large as the options say."""
        options = ("--state", str(self.state), "--mode", "rehearsal", *sizes)
        await _work("services.stack", ("up", *options), UP_WITHIN_S)

    async def down(self) -> None:
        """Take the stack down; what it wrote stays."""
        await _work("services.stack", ("down", "--state", str(self.state)), DOWN_WITHIN_S)

    async def plan(self, seats_path: Path, centres: int, partitions: int) -> Path:
        """Plan a map over so many partitions; return its file, in the state folder."""
        path = self.state / f"map-{centres}-{partitions}.csv"
        places = ("--seats", str(seats_path), "--out", str(path))
        sizes = ("--centres", str(centres), "--partitions", str(partitions))
        await _work("services.planner", (*places, *sizes), PLAN_WITHIN_S)
        return path

    async def publish(self, map_path: Path) -> None:
        """Put a map in force, and the default policy if the stack has none."""
        arguments = ("map", "publish", str(map_path), "--state", str(self.state), "--json")
        await _work("services.cli", arguments, PUBLISH_WITHIN_S)

    async def audit(self, journal: Path) -> dict[str, Any]:
        """Count every contact once; findings are part of the answer."""
        arguments = ("audit", "--state", str(self.state), "--journal", str(journal), "--json")
        return await _work("services.cli", arguments, AUDIT_WITHIN_S, accepted=(0, 1))


class Whereabouts:
    """The newest endpoints, for those who must not fail while a process restarts."""

    def __init__(self, stack: Stack) -> None:
        """Read them for the first time.

        Raises:
            StackError: The stack is down.
        """
        self._stack = stack
        self._last = stack.endpoints()

    def now(self) -> Endpoints:
        """Return the endpoints as they are published, or as they last were."""
        with contextlib.suppress(StackError):
            self._last = self._stack.endpoints()
        return self._last


async def _work(
    module: str, arguments: Sequence[str], within_s: float, accepted: Sequence[int] = (0,)
) -> dict[str, Any]:
    """Run a command of this project and return the object on its last line."""
    # A session of its own: an interrupt at the terminal is for us, who then clean up in order.
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    what = f"{module} {' '.join(arguments[:2])}"
    try:
        async with asyncio.timeout(within_s):
            output, _ = await process.communicate()
    except TimeoutError:
        raise StackError(f"{what}: no end after {within_s:.0f} s") from None
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    answer = last_object(output)
    if process.returncode not in accepted:
        reason = answer.get("error") or f"exit {process.returncode}"
        raise StackError(f"{what}: {reason}")
    return answer


def _json_file(path: Path) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except ValueError as error:
        raise StackError(f"{path}: not JSON; `make reset` writes it anew") from error
    return value

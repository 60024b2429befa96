"""Measure the Postgres queue; the last line on standard output is one JSON object.

    python -m bench.peers.postgres_queue --state .seatline --rate 300 --seconds 20

Exit 0: every contact is in exactly one place; 1: that is violated; 2: it could not run.
"""

import argparse
import asyncio
import signal
import sys
import traceback
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from bench import knee
from bench.peers.postgres_queue.database import Server
from bench.peers.postgres_queue.knee import find_knee
from bench.peers.postgres_queue.run import Options, run
from services.runtime.command_line import HELD, VIOLATED, answer, could_not_run, say
from services.runtime.errors import reasons_of
from services.simulator.adapters.files import FileFaultError
from services.simulator.adapters.stack import Stack, StackError
from services.simulator.settings import LoadOptions, OptionError

_KNEE_FINISH_S = 3.0
_EXPECTED = (
    FileFaultError,
    OptionError,
    OSError,
    StackError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)


@dataclass(frozen=True, slots=True)
class Given:
    """The command line."""

    state: Path
    options: Options
    synchronous_commit: bool
    knee: bool
    only_json: bool


def parse(tokens: Sequence[str] | None) -> Given:
    """Read the command line.

    Raises:
        OptionError: Names every option that cannot be.
    """
    parser = argparse.ArgumentParser(
        prog="python -m bench.peers.postgres_queue", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--state", type=Path, default=Path(".seatline"))
    parser.add_argument("--centres", type=int, default=225)
    parser.add_argument("--sessions", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=300.0, help="contacts a second")
    parser.add_argument("--seconds", type=float, default=20.0, help="that are measured")
    parser.add_argument("--warmup", type=float, default=5.0, help="seconds of load before")
    parser.add_argument("--aht", type=float, default=5.0, help="see the simulator's --aht")
    parser.add_argument("--burst", type=int, default=0, help="see the simulator's --burst")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shards", type=int, default=4, help="of the centres, 1 to 16")
    parser.add_argument("--synchronous-commit", choices=("on", "off"), default="on")
    parser.add_argument("--knee", action="store_true", help="find the highest load, from --rate on")
    parser.add_argument("--json", action="store_true", help="print nothing but the object")
    given = parser.parse_args(tokens)
    load = LoadOptions(
        centres=given.centres,
        sessions=given.sessions,
        rate=given.rate,
        warmup=given.warmup,
        seconds=given.seconds,
        aht=given.aht,
        burst=given.burst,
        seed=given.seed,
    )
    load.check()
    if given.shards not in range(1, 17):
        raise OptionError(f"shards: {given.shards} cannot be; give 1 to 16")
    options = Options(load, shards=given.shards)
    commit = given.synchronous_commit == "on"
    return Given(given.state, options, commit, given.knee, given.json)


async def measure(given: Given) -> dict[str, Any]:
    """Run once, or as often as the knee takes."""
    stack = Stack(given.state)
    stack.refuse_live()
    found = stack.endpoints()
    server = Server(found.postgres, given.synchronous_commit)
    options = replace(given.options, postmaster=found.pids.get("postgres"))
    result = await (_knee if given.knee else run)(server, options, say)
    return {**result, "synchronous_commit": given.synchronous_commit}


async def _knee(server: Server, options: Options, say: Any) -> dict[str, Any]:
    runs: list[dict[str, Any]] = []

    async def holds(rate: float) -> bool:
        load = replace(options.load, rate=rate, seconds=knee.MEASURED_S, warmup=knee.WARM_UP_S)
        result = await run(server, replace(options, load=load, finish_s=_KNEE_FINISH_S), say)
        runs.append(result)
        held = knee.holds(result, rate)
        p99_ms = result["offer_ms"]["p99"]
        say(f"{rate:g} a second: p99 {p99_ms:g} ms, {'held' if held else 'not held'}")
        return held

    found = await find_knee(options.load.rate, holds, knee.TRIES_MAX)
    best = next((each for each in runs if each["rate"] == found), runs[-1])
    tried = [{"rate": each["rate"], "p99": each["offer_ms"]["p99"]} for each in runs]
    ok = all(each["ok"] for each in runs)
    faults = [fault for each in runs for fault in each["faults"]]
    return {**best, "ok": ok, "faults": faults, "knee_per_second": found, "runs": tried}


async def _interruptible(work: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any]:
    """Do the work; an interrupt ends it in order, so that the database is dropped."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    return await task


def main(tokens: Sequence[str] | None = None) -> int:
    """Parse the command line; return 0 (held), 1 (violated) or 2 (could not run)."""
    try:
        given = parse(tokens)
        result = uvloop.run(_interruptible(measure(given)))
    except asyncio.CancelledError:
        return could_not_run("interrupted", {})
    except (ExceptionGroup, *_EXPECTED) as error:
        reasons = reasons_of(error)
        if not all(isinstance(reason, _EXPECTED) for reason in reasons):
            traceback.print_exception(error)
        named = "; ".join(str(reason) or type(reason).__name__ for reason in reasons)
        return could_not_run(named, {})
    if not given.only_json:
        for name, value in result.items():
            sys.stdout.write(f"{name}: {value}\n")
    answer(result)
    return HELD if result["ok"] else VIOLATED


if __name__ == "__main__":
    sys.exit(main())

"""Bring a stack up, take it down, say how it stands, remove it."""

import shutil
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from services.stack import prerequisites, readiness
from services.stack.errors import StackError
from services.stack.identity import Identity, Wish, open_or_create
from services.stack.identity import load as load_identity
from services.stack.launch import running_supervisor, start_supervisor
from services.stack.layout import Layout, make_secrets, read_json
from services.stack.locks import held
from services.stack.plan import Plan, drain_stage
from services.stack.ports import assign, refuse_taken
from services.stack.processes import ProcessId, is_alive, outwait, send, stop
from services.stack.progress import say
from services.stack.rolling import RESTART_SIGNAL

COMMAND_WITHIN_S = 180.0
"""How long a command waits for another one on the same stack."""
DRAIN_WITHIN_S = 150.0
"""How long the supervisor may take to drain: the sum of its stages' deadlines."""
LEFTOVER_WITHIN_S = 20.0
RESTART_STEP_WITHIN_S = 120.0
"""How long one service may take to leave and to be ready again, before nobody waits any more."""
ASK_EVERY_S = 0.1

OURS = (
    *("kafka-*", "postgres", "logs", "slots", "faust"),
    *("stack.json", "ports.json", "status.json", "endpoints.json", "supervisor.json"),
    *("key", "login_token", "postgres_password", "supervisor.lock", "command.lock"),
    ".*.tmp",
)
"""Everything that a stack writes into its state folder, and nothing else."""


@dataclass(frozen=True)
class Standing:
    """Say how a stack stands."""

    state: str
    ready: bool
    error: str | None
    processes: dict[str, dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "state": self.state,
            "ready": self.ready,
            "error": self.error,
            "processes": self.processes,
        }


def up(
    layout: Layout, wish: Wish, plan: Plan, *, within_s: float, bound_to: int | None = None
) -> Standing:
    """Bring the stack up and return when everything in it is ready. Repeats change nothing.

    Args:
        layout: Where the stack lies.
        wish: What it should be; fixed at the first call.
        plan: What to run.
        within_s: Deadline for everything to be ready.
        bound_to: Take the stack down when the process with this pid ends.

    Raises:
        StackError: The stack cannot be brought up; what this call started is stopped.
    """
    prerequisites.refuse_missing()
    identity = open_or_create(layout, wish, datetime.now(UTC))
    with _alone(layout):
        running = running_supervisor(layout)
        if running is not None:
            _refuse_another_plan(layout, plan)
            readiness.await_ready(layout, running, within_s)
            return status(layout)
        _stop_leftovers(layout)
        _furnish(layout, identity, plan)
        try:
            supervisor = start_supervisor(layout, plan, bound_to)
            readiness.await_ready(layout, supervisor, within_s)
        except BaseException:
            say("stopping what was started")
            _take_down(layout)
            raise
    return status(layout)


def down(layout: Layout) -> None:
    """Stop every process of the stack, in drain order. Repeats change nothing."""
    if layout.state.is_dir() and layout.identity.exists():
        with _alone(layout):
            _take_down(layout)


def status(layout: Layout) -> Standing:
    """Say how each process stands, asking it whether it is ready."""
    published = read_json(layout.status)
    supervised = running_supervisor(layout) is not None
    processes = {
        name: {
            "pid": process["pid"],
            "state": process["state"] if supervised else "leftover",
            "up_since": process["up_since"],
            "restarts": process["restarts"],
            "last_exit": process["last_exit"],
            "ready": readiness.is_ready(process),
        }
        for name, process in published.get("processes", {}).items()
        if supervised or is_alive(_process(process))
    }
    ready = published.get("phase") == "running" and all(
        process["ready"] for process in processes.values()
    )
    phase = published.get("phase", "down")
    if not supervised:
        state = "failed" if phase == "failed" else "leftovers" if processes else "down"
    else:
        state = phase if phase != "running" else "up" if ready else "degraded"
    return Standing(state, supervised and ready, published.get("error"), processes)


def restart(layout: Layout) -> list[dict[str, Any]]:
    """Restart every service, one after the other; give each with the seconds that it took.

    Who interrupts this does not interrupt the supervisor: it goes on to the end.

    Raises:
        StackError: The stack is down, or a service did not become ready: those after it are as
            they were.
    """
    supervisor = running_supervisor(layout)
    if supervisor is None or read_json(layout.status).get("phase") != "running":
        raise StackError(f"no stack runs in {layout.state}; run `make up`")
    with _alone(layout):
        number = read_json(layout.status)["restart"]["number"] + 1
        send(supervisor, RESTART_SIGNAL)
        return _await_restart(layout, supervisor, number)


def _await_restart(layout: Layout, supervisor: ProcessId, number: int) -> list[dict[str, Any]]:
    seen: dict[str, Any] = {}
    changed_at = time.monotonic()
    while time.monotonic() - changed_at < RESTART_STEP_WITHIN_S and is_alive(supervisor):
        progress = read_json(layout.status).get("restart", {})
        if progress != seen and progress.get("number") == number:
            seen, changed_at = progress, time.monotonic()
            if seen["phase"] == "done":
                restarted: list[dict[str, Any]] = seen["restarted"]
                return restarted
            if seen["phase"] == "failed":
                raise StackError(f"{seen['error']}; see {layout.log(seen['now'])}")
            say(f"restarting {seen['now']}")
        time.sleep(ASK_EVERY_S)
    raise StackError(f"the rolling restart does not go on; see {layout.log('supervisor')}")


def reset(layout: Layout, *, even_live: bool) -> None:
    """Take the stack down and delete everything that it wrote.

    Raises:
        StackError: It is a live stack and `even_live` was not given.
    """
    identity = load_identity(layout)
    if identity is None:
        return
    if identity.mode == "live" and not even_live:
        raise StackError(
            f"{layout.state} is a live stack: its contacts and outcomes would be gone for good; "
            "say --yes-live if that is meant"
        )
    down(layout)
    for pattern in OURS:
        for path in layout.state.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    if not any(layout.state.iterdir()):
        layout.state.rmdir()


def _alone(layout: Layout) -> Any:
    busy = f"another command is working on {layout.state}; wait for it or end it"
    return held(layout.command_lock, COMMAND_WITHIN_S, busy)


def _refuse_another_plan(layout: Layout, plan: Plan) -> None:
    running = read_json(layout.status).get("plan")
    if running is not None and running != plan.as_json():
        raise StackError(
            f"{layout.state} runs {running}, asked for {plan.as_json()}; run `make down` first"
        )


def _furnish(layout: Layout, identity: Identity, plan: Plan) -> None:
    make_secrets(layout)
    ports = assign(layout, plan.whole().doors(identity))
    refuse_taken(ports, plan.doors(identity))


def _take_down(layout: Layout) -> None:
    supervisor = running_supervisor(layout)
    if supervisor is not None and send(supervisor, signal.SIGTERM, signal.SIGCONT):
        say("draining")
        if outwait((supervisor,), DRAIN_WITHIN_S):
            say("the supervisor does not end and is killed")
            stop((supervisor,), signal.SIGKILL, LEFTOVER_WITHIN_S)
    _stop_leftovers(layout)
    layout.endpoints.unlink(missing_ok=True)


def _stop_leftovers(layout: Layout) -> None:
    """Stop, in drain order, what a supervisor that was killed left running."""
    recorded = read_json(layout.status).get("processes", {})
    alive = {name: each for name, each in recorded.items() if is_alive(_process(each))}
    if alive:
        say(f"stopping what an earlier run left behind: {', '.join(alive)}")
    for _, names in groupby(sorted(alive, key=drain_stage), key=drain_stage):
        together = [alive[name] for name in names]
        ask = signal.Signals[together[0]["stop_signal"]]
        stop([_process(each) for each in together], ask, LEFTOVER_WITHIN_S)


def _process(recorded: dict[str, Any]) -> ProcessId:
    return ProcessId(recorded["pid"] or 0, recorded["started_ticks"] or 0)

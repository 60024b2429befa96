"""Start the supervisor of a stack, detached from the terminal and from whoever asked for it."""

import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict

from services.stack.command import plain_environment
from services.stack.errors import StackError
from services.stack.layout import REPOSITORY, Layout, read_json, write_json
from services.stack.plan import Plan
from services.stack.processes import ProcessId, identify, is_alive
from services.stack.progress import say


def start_supervisor(layout: Layout, plan: Plan, bound_to: int | None) -> ProcessId:
    """Start the supervisor and record it, so that it can be found from the first moment on.

    Raises:
        StackError: It ended at once.
    """
    say(f"starting the stack in {layout.state}")
    environment = plain_environment(dict(os.environ))
    if "SEATLINE_LOG_LEVEL" in os.environ:
        environment["SEATLINE_LOG_LEVEL"] = os.environ["SEATLINE_LOG_LEVEL"]
    arguments = [str(layout.state), json.dumps(plan.as_json())]
    if bound_to is not None:
        arguments.append(str(bound_to))
    starting = {"phase": "starting", "error": None, "plan": plan.as_json(), "processes": {}}
    write_json(layout.status, starting)
    with layout.rotated_log("supervisor").open("ab") as output:
        process = subprocess.Popen(
            (sys.executable, "-m", "services.stack.supervisor", *arguments),
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # Whoever started it may outlive it, as a test run does, and has to take note of its end.
    threading.Thread(target=process.wait, name="supervisor's end", daemon=True).start()
    started = identify(process.pid)
    if started is None:
        raise StackError(f"the supervisor ended at once; see {layout.log('supervisor')}")
    write_json(layout.supervisor, asdict(started))
    return started


def running_supervisor(layout: Layout) -> ProcessId | None:
    """Find the supervisor that runs this stack, or None."""
    recorded = read_json(layout.supervisor)
    if not recorded:
        return None
    process = ProcessId(**recorded)
    return process if is_alive(process) else None

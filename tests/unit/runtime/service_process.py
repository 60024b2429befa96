"""A service for tests of the life of a process: it does what its first argument says."""

import asyncio
import os
import sys
import time

from services.runtime.errors import PromiseBrokenError
from services.runtime.lifecycle import Process, run
from services.runtime.settings import ProcessSettings

STALL_LIMIT_MS = 2_000


def wait(_: ProcessSettings, process: Process) -> None:
    process.pages["/own"] = lambda: (203, "text/plain", b"a page of its own")
    process.started()
    while not process.stop.wait(0.05):
        process.health.beat()


def start_late(_: ProcessSettings, process: Process) -> None:
    while process.still_waiting("the world is not there"):
        pass


async def wait_on_asyncio(_: ProcessSettings, process: Process) -> None:
    process.started()
    await asyncio.wait_for(process.stop.wait_async(), 60)


def break_a_promise(_: ProcessSettings, __: Process) -> None:
    raise PromiseBrokenError("the log has a gap")


def have_a_bug(_: ProcessSettings, __: Process) -> None:
    raise ZeroDivisionError


def stall(_: ProcessSettings, process: Process) -> None:
    process.started()
    time.sleep(60)  # what is tested is a loop that does not turn


if __name__ == "__main__":
    services = (wait, start_late, wait_on_asyncio, break_a_promise, have_a_bug, stall)
    serve = {service.__name__: service for service in services}[sys.argv[1]]
    sys.exit(run(ProcessSettings, serve, os.environ, STALL_LIMIT_MS))

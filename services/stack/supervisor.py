"""Own every process of one stack: start them in order, keep them running, drain them in order.

Started by `up` as `python -m services.stack.supervisor STATE PLAN [BOUND_TO_PID]`, detached. It
holds the state folder's lock for as long as it lives.
"""

import asyncio
import json
import logging
import os
import signal
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

from services.stack import kafka, postgres, service
from services.stack.child import Child
from services.stack.command import Command, plain_environment
from services.stack.errors import StackError
from services.stack.identity import load as load_identity
from services.stack.layout import REPOSITORY, Layout
from services.stack.locks import held
from services.stack.plan import KAFKA, POSTGRES, Plan, drain_stage, kind_of
from services.stack.ports import load as load_ports
from services.stack.processes import ProcessId, identify
from services.stack.programs import run
from services.stack.published import Phase, Publication
from services.stack.rolling import RESTART_SIGNAL, RollingRestart
from services.stack.surroundings import Surroundings

SERVER_WITHIN_S = 90.0
"""How long a broker or the database may take to answer for the first time."""

log = logging.getLogger(__name__)


class Supervisor:
    """Bring one stack up, hold it up until told otherwise, bring it down."""

    def __init__(self, around: Surroundings, self_id: ProcessId) -> None:
        """Take what the stack is made from, and who we are."""
        self._around = around
        self._publication = Publication(around, self_id)
        self._children: list[Child] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._phase: Phase = "starting"
        self._error: str | None = None
        self._rolling = RollingRestart(self._publish)
        self._restart: asyncio.Task[None] | None = None

    async def run(self, stop: asyncio.Event) -> int:
        """Run the stack until `stop`; give the exit code."""
        self._publish()
        bring_up = asyncio.create_task(self._bring_up())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait((bring_up, stopped), return_when=asyncio.FIRST_COMPLETED)
        if bring_up.done():
            self._note_end_of(bring_up)
            if self._error is None:
                await stopped
        await _cancel(bring_up, stopped, *([self._restart] if self._restart else []))
        await self._drain()
        return 0 if self._error is None else 2

    async def _bring_up(self) -> None:
        async with asyncio.TaskGroup() as servers:
            servers.create_task(self._bring_up_kafka())
            servers.create_task(self._bring_up_postgres())
        for kind, name in self._around.plan.services():
            self._start(service.command(kind, name, self._around))
        self._phase = "running"
        self._publish()

    async def _bring_up_kafka(self) -> None:
        around = self._around
        if KAFKA not in around.plan.only:
            return
        numbers = range(around.identity.brokers)
        await asyncio.gather(*(kafka.prepare(number, around) for number in numbers))
        for number in numbers:
            self._start(kafka.command(number, around))
        # Another process, because kafka-python blocks and could not be told to give up.
        await run(
            (sys.executable, "-m", "services.stack.topics", str(around.layout.state)),
            around.environment,
            within_s=SERVER_WITHIN_S,
            purpose="declare the topics",
            folder=REPOSITORY,
        )

    async def _bring_up_postgres(self) -> None:
        around = self._around
        if POSTGRES not in around.plan.only:
            return
        await postgres.prepare(around)
        self._start(postgres.command(around))
        await postgres.ready_database(around.layout, around.ports, SERVER_WITHIN_S)
        await postgres.migrate(postgres.dsn(around.layout, around.ports), around.environment)

    def restart(self) -> None:
        """Begin to restart every service, one after the other, unless that is under way."""
        if self._phase == "running" and (self._restart is None or self._restart.done()):
            services = [c for c in self._children if kind_of(c.command.name) is not None]
            self._restart = asyncio.create_task(self._rolling.run(services))

    def _start(self, command: Command) -> None:
        child = Child(command, self._around.layout.rotated_log(command.name), self._publish)
        self._children.append(child)
        self._keepers.append(asyncio.create_task(child.keep()))

    def _note_end_of(self, bring_up: asyncio.Task[None]) -> None:
        problem = bring_up.exception()
        if problem is None:
            return
        while isinstance(problem, BaseExceptionGroup):
            problem = problem.exceptions[0]
        self._error = str(problem) if isinstance(problem, StackError) else repr(problem)
        log.error("cannot bring the stack up", exc_info=problem)

    async def _drain(self) -> None:
        """Stop everything, stage by stage: whoever feeds others leaves before them."""
        self._phase = "stopping"
        self._publish()

        def stage(child: Child) -> int:
            return drain_stage(child.command.name)

        for _, together in groupby(sorted(self._children, key=stage), key=stage):
            await asyncio.gather(*(child.stop() for child in together))
        await asyncio.gather(*self._keepers)
        self._phase = "failed" if self._error else "down"
        self._children.clear()
        self._publish()

    def _publish(self) -> None:
        # Endpoints first: whoever reads that the stack is running may look for them at once.
        if self._phase == "running":
            self._publication.endpoints(self._children)
        restart = self._rolling.progress.as_json()
        self._publication.status(self._phase, self._error, self._children, restart)
        if self._phase not in ("running", "starting"):
            self._publication.withdraw_endpoints()


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def main(arguments: list[str]) -> int:
    """Supervise the stack of the state folder given first; see the module's first lines."""
    state, plan_json, *bound = arguments
    layout, plan = Layout.of(Path(state)), Plan.from_json(json.loads(plan_json))
    bound_to = int(bound[0]) if bound else None
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    identity, myself = load_identity(layout), identify(os.getpid())
    if identity is None or myself is None:
        raise StackError(f"{layout.state} holds no stack; run `make up`")
    around = Surroundings(
        layout,
        identity,
        plan,
        load_ports(layout),
        plain_environment(dict(os.environ)),
        os.environ.get("SEATLINE_LOG_LEVEL", "info"),
    )
    with held(layout.supervisor_lock, 2.0, f"another supervisor holds {layout.state}"):
        return asyncio.run(_supervise(Supervisor(around, myself), bound_to))


async def _supervise(supervisor: Supervisor, bound_to: int | None) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for asked in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(asked, stop.set)
    loop.add_signal_handler(RESTART_SIGNAL, supervisor.restart)
    watcher = asyncio.create_task(_stop_with(bound_to, stop))
    try:
        return await supervisor.run(stop)
    finally:
        await _cancel(watcher)


async def _stop_with(bound_to: int | None, stop: asyncio.Event) -> None:
    """Ask for a stop when the process that the stack is bound to has ended."""
    if bound_to is None:
        return
    try:
        handle = os.pidfd_open(bound_to)
    except ProcessLookupError:
        stop.set()
        return
    loop = asyncio.get_running_loop()
    loop.add_reader(handle, stop.set)
    try:
        await stop.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

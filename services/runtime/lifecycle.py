"""One way to run every process: settings, signals, readiness, watchdog, exit code."""

import asyncio
import faulthandler
import gc
import inspect
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import uvloop
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from services.runtime.clock import Clock, SystemClock
from services.runtime.errors import (
    EXIT_PROMISE_BROKEN,
    EXIT_SETTINGS,
    PromiseBrokenError,
    SettingsError,
)
from services.runtime.settings import ProcessSettings, read_settings
from services.runtime.telemetry import Health, HttpDoor, Logger, Page, configure_logs

S = TypeVar("S", bound=ProcessSettings)

STALL_LIMIT_MS = 15_000
"""A loop that does not beat for this long cannot know what it still owns (rule 1.10)."""
_WATCH_S = 0.5
_WALKS_OF_THE_YOUNG = 1_000
"""Between two of all that lives; there is one each few seconds under load."""


class Stop:
    """The wish that this process ends, from a signal or from inside."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self.why = ""

    @property
    def asked(self) -> bool:
        """True once the process should drain and return."""
        return self._event.is_set()

    def ask(self, why: str) -> None:
        """Ask the process to end; the first reason is kept."""
        self.why = self.why or why
        self._event.set()
        for loop, event in list(self._waiters):
            loop.call_soon_threadsafe(event.set)

    def wait(self, seconds: float) -> bool:
        """Wait up to `seconds`; return True once asked."""
        return self._event.wait(seconds)

    async def wait_async(self) -> None:
        """Return once asked."""
        event = asyncio.Event()
        waiter = (asyncio.get_running_loop(), event)
        self._waiters.append(waiter)
        try:
            if not self.asked:
                await event.wait()
        finally:
            self._waiters.remove(waiter)


@dataclass
class Process:
    """What a service gets from the process around it."""

    slot: str
    log: Logger
    health: Health
    registry: CollectorRegistry
    clock: Clock
    stop: Stop = field(default_factory=Stop)
    pages: dict[str, Page] = field(default_factory=dict)
    """What the service shows over HTTP besides metrics and health, by path."""

    def still_waiting(self, why: str) -> bool:
        """Say what start-up waits for, pause shortly, and return False once asked to stop."""
        self.health.beat()
        if self.health.ready("started", False, why):  # noqa: FBT003
            self.log.info("waiting", why=why)
        return not self.stop.wait(_WATCH_S)

    def started(self) -> None:
        """Say that start-up is over."""
        if self.health.ready("started", True):  # noqa: FBT003
            self.log.info("started")


Serve = Callable[[S, Process], Awaitable[None] | None]


def run(
    settings_type: type[S],
    serve: Serve[S],
    environ: Mapping[str, str],
    stall_limit_ms: int = STALL_LIMIT_MS,
) -> int:
    """Run one service until it is asked to stop; return the exit code.

    Args:
        settings_type: Settings of the process.
        serve: The service: a function, or a coroutine function for a service on asyncio. It calls
            `process.health.beat()` at least every few seconds and returns soon after
            `process.stop.asked`.
        environ: Environment to read settings from.
        stall_limit_ms: A loop that does not beat for this long ends the process.

    Returns:
        0 after an orderly stop; 70 when a promise could not be kept or the loop stalled; 78 when
        the settings are wrong; 1 after a bug, which is logged once with its trace.
    """
    try:
        settings = read_settings(settings_type, environ)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_SETTINGS
    clock = SystemClock()
    log = configure_logs(settings.slot, settings.log_level)
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    process = Process(settings.slot, log, Health(clock), registry, clock)
    _install_signals(process)
    try:
        door = HttpDoor(settings.http_port, registry, process.health, stall_limit_ms, process.pages)
    except OSError as error:
        log.error(  # noqa: TRY400
            "the HTTP port is taken", port=settings.http_port, reason=error.strerror
        )
        return EXIT_SETTINGS
    _start_watchdog(process, stall_limit_ms)
    _collect_seldom()
    try:
        return _served(settings, serve, process)
    finally:
        door.close()


def _served(settings: S, serve: Serve[S], process: Process) -> int:
    try:
        if inspect.iscoroutinefunction(serve):
            uvloop.run(serve(settings, process))
        else:
            serve(settings, process)
    except SettingsError as error:
        process.log.error("wrong settings", reason=str(error))  # noqa: TRY400 (no trace needed)
        return EXIT_SETTINGS
    except PromiseBrokenError as error:
        # No trace: the reason says what to do.
        process.log.error(  # noqa: TRY400
            "stopping: a promise could not be kept", reason=str(error)
        )
        return EXIT_PROMISE_BROKEN
    except Exception:  # the one place where a bug is logged before the process ends
        process.log.exception("stopping: a bug")
        return 1
    process.log.info("stopped", why=process.stop.why)
    return 0


def _collect_seldom() -> None:
    """Let the garbage collector walk through all that lives about once an hour, not each minute.

    With 20,000 sessions that takes 60 ms, during which nothing is decided, and finds next to
    nothing: what dies here dies by its count, or young.
    """
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _WALKS_OF_THE_YOUNG)


def _install_signals(process: Process) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda n, _: process.stop.ask(signal.Signals(n).name))
    faulthandler.register(signal.SIGUSR1, all_threads=True)


def _start_watchdog(process: Process, stall_limit_ms: int) -> None:
    def watch() -> None:
        # A paused process wakes here like everywhere else: it may beat again before it is judged.
        strikes = 0
        while not process.stop.wait(_WATCH_S):
            strikes = strikes + 1 if process.health.silent_ms() > stall_limit_ms else 0
            if strikes > 1:
                process.log.error("stopping: the loop has stalled", ms=process.health.silent_ms())
                faulthandler.dump_traceback(all_threads=True)
                os._exit(EXIT_PROMISE_BROKEN)

    threading.Thread(target=watch, name="watchdog", daemon=True).start()

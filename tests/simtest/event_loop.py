"""An asyncio loop of one process, on the one scheduler: each callback is a step of its own."""

import asyncio
import math
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context
from functools import partial
from typing import Any

from typing_extensions import override

from tests.simtest.node import CrashedError, Node

_CLOSES_MAX = 8


class LoopTask(asyncio.Task[Any]):
    """A task whose place in a set does not depend on its address."""

    def __init__(self, number: int, coroutine: Coroutine[Any, Any, Any], loop: Any) -> None:
        self._number = number
        super().__init__(coroutine, loop=loop)
        self._log_destroy_pending = False

    @override
    def __hash__(self) -> int:
        return self._number


class NodeLoop:
    """Runs the callbacks of one process in their order, with others in between.

    Timers are late by up to twice their length, as on a machine that is busy. What runs in a thread
    runs in a step of its own, and may have waited there.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._self: Any = self
        """As asyncio sees it: of a loop's interface only what is used is here."""
        self._ready: deque[asyncio.Handle] = deque()
        self._tasks: list[LoopTask] = []
        self._numbers = 0
        self._armed = False

    def end(self) -> None:
        """Take every coroutine of a dead process apart now, not when memory is collected."""
        before = events._get_running_loop()
        events._set_running_loop(self._self)
        for task in self._tasks:
            coroutine = task.get_coro()
            for _ in range(_CLOSES_MAX):
                with suppress(BaseException):
                    coroutine.close()
                    break
        events._set_running_loop(before)
        self._tasks.clear()
        self._ready.clear()

    def _go_on(self) -> None:
        if self._ready:
            self._arm()

    def _arm(self) -> None:
        if not self._armed and self._node.alive:
            self._armed = True
            self._node.scheduler.after(0, self._step)

    def _step(self) -> None:
        self._armed = False
        if not self._node.alive:
            return
        if self._node.busy:
            self._node.when_free(self._go_on)
            return
        while self._ready:
            handle = self._ready.popleft()
            if not handle.cancelled():
                self.run(handle._run, partial(point_of, handle))
                break
        self._go_on()

    def run(self, call: Callable[[], Any], point: Callable[[], str]) -> Any:
        """Run code of the process in this loop; a kill in it ends it quietly."""
        node = self._node
        before = events._get_running_loop()
        node.busy = True
        events._set_running_loop(None)
        events._set_running_loop(self._self)
        try:
            node.reach_await(point)
            return call()
        except CrashedError:
            return None
        finally:
            events._set_running_loop(before)
            node.busy = False

    # --- what asyncio asks of a loop -------------------------------------------------------------

    def time(self) -> float:
        return self._node.scheduler.now_ms / 1000

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_soon(
        self, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self._self, context)
        self._ready.append(handle)
        self._arm()
        return handle

    call_soon_threadsafe = call_soon

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self._self, context)
        scheduler = self._node.scheduler
        delay_ms = max(0.0, when * 1000 - scheduler.now_ms)
        late_ms = delay_ms * (1 + 2 * self._node.chance.random())
        scheduler.after(math.ceil(late_ms), self._due, handle)
        return handle

    def _due(self, handle: asyncio.TimerHandle) -> None:
        if not handle.cancelled() and self._node.alive:
            self._ready.append(handle)
            self._arm()

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        del handle

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self._self)

    def create_task(self, coro: Any, **_: Any) -> LoopTask:
        self._numbers += 1
        if self._numbers % 64 == 0:
            self._tasks = [task for task in self._tasks if not task.done()]
        task = LoopTask(self._numbers, coro, self)
        self._tasks.append(task)
        return task

    def run_in_executor(
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        del executor
        future = self.create_future()
        self._node.scheduler.after(1, self._in_thread, future, func, args)
        return future

    def _in_thread(
        self, future: asyncio.Future[Any], func: Callable[..., Any], args: tuple[Any, ...]
    ) -> None:
        node = self._node
        if not node.alive:
            return
        if node.busy:  # a paused process has no running threads either
            node.when_free(lambda: self._in_thread(future, func, args))
            return
        node.blocked_ms = 0
        settle: Callable[[Any], None] = future.set_result
        node.busy = True
        try:
            result = func(*args)
        except CrashedError:
            return
        except Exception as error:  # noqa: BLE001 (handed to whoever waits for the thread)
            settle, result = future.set_exception, error
        finally:
            node.busy = False
        node.scheduler.after(node.blocked_ms, self._settle, future, settle, result)

    def _settle(self, future: asyncio.Future[Any], settle: Callable[[Any], None], out: Any) -> None:
        if self._node.alive and not future.done():
            settle(out)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if "handle" in context and self._node.alive:
            self._node.failed(context["exception"])


def point_of(handle: asyncio.Handle) -> str:
    """Name the await that a callback goes on from."""
    callback: Any = getattr(handle, "_callback")  # noqa: B009 (unknown to its types)
    task = getattr(callback, "__self__", None)
    if not isinstance(task, asyncio.Task):
        return "callback"
    frame: Any = task.get_coro()
    name = frame.__qualname__
    while (inner := getattr(frame, "cr_await", None)) is not None and hasattr(inner, "cr_await"):
        frame = inner
        if "asyncio" not in frame.cr_code.co_filename:
            name = frame.__qualname__
    return str(name)

"""A process of one asyncio task, on the simulated loop."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from typing_extensions import override

from tests.simtest.event_loop import NodeLoop
from tests.simtest.log import SimulatedLogReader, SimulatedLogWriter
from tests.simtest.node import Node


class AsyncNode(Node):
    """Lives as long as its task."""

    reader: SimulatedLogReader
    writer: SimulatedLogWriter
    on_exit: Callable[[Any, BaseException | None], None]
    """Told once the task has ended by itself, and why."""

    def begin_loop(self) -> None:
        """Give it a loop of its own."""
        self.loop = NodeLoop(self)

    def live(self, running: Coroutine[Any, Any, None]) -> None:
        """Run the task that is its life; called on its loop."""
        self._running = self.loop.create_task(running)
        self._running.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if self.alive and not task.cancelled():
            self.on_exit(self, task.exception())

    @override
    def failed(self, error: BaseException) -> None:
        self.on_exit(self, error)

    @override
    def kill(self) -> None:
        super().kill()
        self.reader.close()
        self.writer.drop()
        self.loop.end()

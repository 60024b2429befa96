"""The processes of a run: each a fresh one, as a service has one to itself."""

import contextlib
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from bench.bare_path.setting import Setting
from bench.world import WorldError

_STARTS_WITHIN_S = 60.0
_ENDS_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that is told things, and tells some."""

    name: str
    pid: int
    _told: Connection

    def tell(self, what: object) -> None:
        """Tell it something."""
        self._told.send(what)

    def hear(self, within_s: float = _STARTS_WITHIN_S) -> Any:
        """Return the next thing that it tells.

        Raises:
            WorldError: It says nothing in time, or has ended.
        """
        try:
            if self._told.poll(within_s):
                return self._told.recv()
        except EOFError:
            raise WorldError(f"{self.name}: it has ended; see its error above") from None
        raise WorldError(f"{self.name}: it said nothing within {within_s:.0f} s")


@contextlib.contextmanager
def worker(
    name: str, work: Callable[[Setting, Connection], None], setting: Setting
) -> Iterator[Worker]:
    """Have a process do some work for as long as the block goes on, then tell it to stop."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=work, args=(setting, there), daemon=True)
    process.start()
    there.close()  # so that its end is noticed here
    try:
        yield Worker(name, process.pid or 0, here)
    finally:
        if process.is_alive():
            here.send("stop")
            process.join(_ENDS_WITHIN_S)
        if process.is_alive():
            process.kill()
            process.join()


def until_told(told: Connection) -> threading.Event:
    """Return what is set as soon as something is told: asking it costs a loop nothing."""
    stop = threading.Event()

    def wait() -> None:
        with contextlib.suppress(EOFError):  # whoever would tell is gone
            told.recv()
        stop.set()

    threading.Thread(target=wait, daemon=True).start()
    return stop

"""What is done to processes, and taken back."""

import signal
from pathlib import Path
from typing import Protocol

from services.stack.processes import ProcessId, identify, send
from tests.chaos.small_disk import SmallDisk
from tests.chaos.stepped_clock import Clocks


class NotHurtError(Exception):
    """It could not be done; the message says why."""


class Harm(Protocol):
    """Something that is done, and, if it is not final, taken back."""

    def strike(self) -> None:
        """Do it.

        Raises:
            NotHurtError: It cannot be done now.
        """

    def heal(self) -> None:
        """Take it back; repeats change nothing."""


def the_process(pid: int) -> ProcessId:
    """Name a process for good.

    Raises:
        NotHurtError: It has ended.
    """
    found = identify(pid)
    if found is None:
        raise NotHurtError(f"process {pid} has ended")
    return found


class Signal:
    """A signal that ends a process; its supervisor starts it again."""

    def __init__(self, process: ProcessId, number: signal.Signals) -> None:
        self._process = process
        self._number = number

    def strike(self) -> None:
        if not send(self._process, self._number):
            raise NotHurtError(f"process {self._process.pid} has ended")

    def heal(self) -> None:
        """Nothing is ours to take back."""


class Pause:
    """A process that stands still: it neither works nor dies."""

    def __init__(self, process: ProcessId) -> None:
        self._process = process

    def strike(self) -> None:
        if not send(self._process, signal.SIGSTOP):
            raise NotHurtError(f"process {self._process.pid} has ended")

    def heal(self) -> None:
        send(self._process, signal.SIGCONT)


class PostgresAway:
    """A database that is stopped, and whose data are gone until they are put back."""

    def __init__(self, process: ProcessId, home: Path) -> None:
        self._process = process
        self._data, self._hidden = home / "data", home / "data.away"

    def strike(self) -> None:
        # First: the supervisor starts it again at once, which then fails until it is back.
        self._data.replace(self._hidden)
        send(self._process, signal.SIGINT)

    def heal(self) -> None:
        if self._hidden.exists():
            self._hidden.replace(self._data)


class FullDisk:
    """A database without a free byte."""

    def __init__(self, disk: SmallDisk) -> None:
        self._disk = disk

    def strike(self) -> None:
        try:
            self._disk.fill()
        except OSError as error:
            raise NotHurtError(f"the disk could not be filled: {error}") from error

    def heal(self) -> None:
        self._disk.make_room()


class SteppedClock:
    """A service whose wall clock is off."""

    def __init__(self, clocks: Clocks, slot: str, seconds: int) -> None:
        self._clocks = clocks
        self._slot = slot
        self._seconds = seconds

    def strike(self) -> None:
        self._clocks.step(self._slot, self._seconds)

    def heal(self) -> None:
        self._clocks.step(self._slot, 0)

"""Recognise, signal and outwait processes that are not our children.

A process is its pid and its start in clock ticks since boot. Unlike a start in wall-clock time, as
psutil gives it, this does not move when the clock is stepped; and a signal goes through a pidfd, so
that it cannot hit a stranger who got the number in between.
"""

import os
import select
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

KILL_WAIT_S = 10.0
"""How long the kernel may take to clear away a killed process."""


@dataclass(frozen=True)
class ProcessId:
    """Name one process for good, not just for as long as it lives."""

    pid: int
    started_ticks: int


def identify(pid: int) -> ProcessId | None:
    """Name the process that has this pid now, or None if it ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name in brackets and may itself hold brackets and spaces.
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else ProcessId(pid, int(fields[18]))


def is_alive(process: ProcessId) -> bool:
    """Tell whether this very process still runs."""
    return identify(process.pid) == process


def send(process: ProcessId, *signals: signal.Signals) -> bool:
    """Send signals to this very process; False if it is gone.

    Raises:
        PermissionError: It belongs to another user.
    """
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    try:
        if not is_alive(process):
            return False
        for each in signals:
            signal.pidfd_send_signal(handle, each)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


def outwait(processes: Iterable[ProcessId], within_s: float) -> list[ProcessId]:
    """Wait until all have ended; give those that have not by the deadline."""
    deadline = time.monotonic() + within_s
    return [each for each in processes if not _ended(each, deadline)]


def stop(processes: Iterable[ProcessId], ask: signal.Signals, within_s: float) -> None:
    """End processes: ask all, wake the paused, and kill those that stay past the deadline."""
    group = [each for each in processes if send(each, ask, signal.SIGCONT)]
    stubborn = outwait(group, within_s)
    for each in stubborn:
        send(each, signal.SIGKILL)
    outwait(stubborn, KILL_WAIT_S)


def _ended(process: ProcessId, deadline: float) -> bool:
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return True
    try:
        if not is_alive(process):
            return True
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))
    finally:
        os.close(handle)

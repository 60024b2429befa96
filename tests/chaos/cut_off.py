"""Cut a process off from a server: what either sends the other is dropped, nothing is closed.

A filter on each of their sockets drops whatever arrives there, as a broken network does, and a
limit on open files keeps the process from making new connections meanwhile. Both work on a process
that may be traced: one of our own, without root.
"""

import contextlib
import ctypes
import os
import resource
import socket
import struct
from collections.abc import Collection, Iterator
from pathlib import Path

import psutil

from tests.chaos.harms import NotHurtError

_PIDFD_GETFD = 438
"""Number of the system call, the same on every architecture."""
_SO_ATTACH_FILTER = 26
_SO_DETACH_FILTER = 27
_DROP_ALL = struct.pack("HBBI", 6, 0, 0, 0)
"""The filter "return 0": of a packet, keep nothing."""
_NO_MORE_FILES = 3
"""Lower than any number that is free: the first three are a process's standard files. Not 0, as
then nothing could be polled either."""
_TRACING = Path("/proc/sys/kernel/yama/ptrace_scope")
_DESCENDANTS = 1
"""Who started a process may trace it; above that nobody may but root."""

Ports = tuple[int, int]
"""Of a connection: here, there."""


def refusal() -> str:
    """Say why this machine does not allow it, or nothing."""
    if not hasattr(os, "pidfd_open"):
        return "this system knows no handles of processes"
    with contextlib.suppress(OSError, ValueError):
        if os.geteuid() != 0 and int(_TRACING.read_text()) > _DESCENDANTS:
            return f"{_TRACING} forbids to reach into a process that one has started"
    return ""


class CutOff:
    """A process that cannot be reached by the servers at some ports, nor reach them."""

    def __init__(self, victim: int, ports: Collection[int], servers: Collection[int]) -> None:
        """Take whom to cut off from what.

        Args:
            victim: Its pid.
            ports: Where the servers listen.
            servers: Pids of the servers, and of what they have started.
        """
        self._victim = victim
        self._ports = frozenset(ports)
        self._servers = tuple(servers)
        self._held: list[socket.socket] = []
        """The sockets themselves: one that is closed meanwhile does not tell its peer so."""
        self._files: tuple[int, int] | None = None

    def strike(self) -> None:
        """Drop everything from now on.

        Raises:
            NotHurtError: The process has ended.
        """
        try:
            files = resource.prlimit(self._victim, resource.RLIMIT_NOFILE)
            resource.prlimit(self._victim, resource.RLIMIT_NOFILE, (_NO_MORE_FILES, files[1]))
        except ProcessLookupError:
            raise NotHurtError(f"process {self._victim} has ended") from None
        self._files = files
        cut = {pair for pair, _ in self._sockets(self._victim) if pair[1] in self._ports}
        for pair, held in self._sockets(self._victim):
            if pair in cut:
                self._drop_what_comes(held)
        for server in self._servers:
            for (here, there), held in self._sockets(server):
                if (there, here) in cut:
                    self._drop_what_comes(held)

    def heal(self) -> None:
        """Let everything through again; what was sent meanwhile comes late."""
        for held in self._held:
            with contextlib.suppress(OSError):
                held.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)
            held.close()
        self._held.clear()
        if self._files is not None:
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(self._victim, resource.RLIMIT_NOFILE, self._files)
            self._files = None

    @property
    def connections(self) -> int:
        """Ends of connections that are held."""
        return len(self._held)

    def _sockets(self, pid: int) -> Iterator[tuple[Ports, "_Socket"]]:
        with contextlib.suppress(psutil.Error):
            for each in psutil.Process(pid).net_connections("tcp"):
                if each.raddr:
                    yield (each.laddr.port, each.raddr.port), _Socket(pid, each.fd)

    def _drop_what_comes(self, found: "_Socket") -> None:
        with contextlib.suppress(OSError):  # closed since it was listed
            held = found.hold()
            self._held.append(held)
            program = ctypes.create_string_buffer(_DROP_ALL)
            filtered = struct.pack("HxxxxxxQ", 1, ctypes.addressof(program))
            held.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filtered)


class _Socket:
    """A socket of another process."""

    def __init__(self, pid: int, number: int) -> None:
        self._pid = pid
        self._number = number

    def hold(self) -> socket.socket:
        """Return it as one of our own.

        Raises:
            OSError: It is gone, or not to be reached.
        """
        handle = os.pidfd_open(self._pid)
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            mine = libc.syscall(_PIDFD_GETFD, handle, self._number, 0)
            if mine < 0:
                raise OSError(ctypes.get_errno(), "pidfd_getfd")
            return socket.socket(fileno=mine)
        finally:
            os.close(handle)

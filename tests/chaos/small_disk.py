"""Give the database a file system of its own, which can be full from one moment to the next.

It is mounted in a mount namespace of ours: nobody else sees it, and it goes when the last process
of the stack has gone, however that comes about.
"""

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

_CLONE_NEWNS = 0x20000
_LARGEST = "75%"
"""Of the machine's memory: only what is used is taken."""
_WITHIN_S = 10.0
_PAGE = 4_096
_FILL_TRIES = 20
"""It may grow between a look at it and its resizing."""


def refusal() -> str:
    """Say why this machine does not allow it, or nothing."""
    if os.geteuid() != 0:
        return "only root may mount a file system"
    if shutil.which("mount") is None:
        return "there is no program to mount a file system with"
    return ""


class NoDiskError(OSError):
    """A file system cannot be mounted or resized."""


class SmallDisk:
    """A file system in memory at a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def mount(self) -> None:
        """Mount it; call it from the main thread, before other threads and processes begin.

        Raises:
            NoDiskError: It cannot be done.
        """
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWNS) != 0:
            raise NoDiskError(ctypes.get_errno(), "a mount namespace is refused")
        _run("mount", "--make-rprivate", "/")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", f"size={_LARGEST}", "tmpfs", str(self._folder))

    def fill(self) -> None:
        """Leave no byte free.

        Raises:
            NoDiskError: It grew faster than it could be measured.
        """
        for attempt in range(_FILL_TRIES):
            usage = os.statvfs(self._folder)
            used = (usage.f_blocks - usage.f_bfree) * usage.f_frsize
            try:
                self._resize(str(max(_PAGE, used)))
            except NoDiskError:
                if attempt == _FILL_TRIES - 1:
                    raise
            else:
                return

    def make_room(self) -> None:
        """Have it large again."""
        self._resize(_LARGEST)

    def _resize(self, size: str) -> None:
        _run("mount", "-o", f"remount,size={size}", str(self._folder))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_WITHIN_S, check=False)
    if done.returncode:
        raise NoDiskError(f"{' '.join(command)}: {done.stderr.strip()}")

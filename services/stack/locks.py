"""Hold a file so that only one process of its kind does."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.stack.errors import StackError

RETRY_S = 0.1


@contextmanager
def held(path: Path, within_s: float, remedy: str) -> Iterator[None]:
    """Hold the lock for the length of the block.

    Raises:
        StackError: Somebody else held it until the deadline; carries `remedy`.
    """
    deadline = time.monotonic() + within_s
    with path.open("a") as file:
        while not _take(file.fileno()):
            if time.monotonic() > deadline:
                raise StackError(remedy)
            time.sleep(RETRY_S)
        yield


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

"""One process per slot name on a machine: what lets a slot take back its own (rule 1.5)."""

import fcntl
from pathlib import Path

from services.runtime.errors import PromiseBrokenError


class SlotLock:
    """An advisory lock on `STATE/slots/NAME`, held as long as the process lives."""

    def __init__(self, state: Path, slot: str) -> None:
        """Take the lock.

        Raises:
            PromiseBrokenError: Another process holds it, perhaps a paused one.
        """
        folder = state / "slots"
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / slot).open("w")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise PromiseBrokenError(
                f"slot {slot} is held by another process on this machine; end that one first"
            ) from error

    def close(self) -> None:
        """Give the lock back."""
        self._file.close()

"""The journal: newline-delimited JSON, written by a thread of its own."""

import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from services.simulator.ports import Ticks

_BUFFERED_MAX = 200_000
_CLOSE_S = 60.0


class JournalBehindError(Exception):
    """The disk is slower than the callers: the buffer is full, and nothing may be left out."""


class FileJournal:
    """Appends entries to a fresh file; leaving the context writes out what is buffered."""

    def __init__(self, path: Path, ticks: Ticks) -> None:
        self._path = path
        self._ticks = ticks
        self._entries: queue.Queue[dict[str, object] | None] = queue.Queue(_BUFFERED_MAX)
        self._thread = threading.Thread(target=self._drain, name="journal", daemon=True)
        self._failure: OSError | None = None

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def write(self, kind: str, **fields: object) -> None:
        """Append an entry with the time of both clocks; any thread may."""
        now = {"kind": kind, "mono_ms": self._ticks.now_ms(), "wall_ms": self._ticks.wall_ms()}
        try:
            self._entries.put_nowait({**now, **fields})
        except queue.Full:
            raise JournalBehindError(
                f"journal: {_BUFFERED_MAX} entries wait for {self._path}; take a faster disk"
            ) from self._failure

    def close(self) -> None:
        """Write out what is buffered; called again it does nothing.

        Raises:
            OSError: The file could not be written.
        """
        if self._thread.is_alive():
            self._entries.put(None, timeout=_CLOSE_S)
            self._thread.join(_CLOSE_S)
        if self._failure is not None:
            raise self._failure

    def _drain(self) -> None:
        try:
            with self._path.open("wb") as file:
                # `list`: a named tuple goes as an array.
                while (entry := self._entries.get()) is not None:
                    file.write(orjson.dumps(entry, list, orjson.OPT_APPEND_NEWLINE))
        except OSError as error:
            self._failure = error


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the entries of a closed journal, oldest first."""
    with path.open("rb") as file:
        for line in file:
            yield orjson.loads(line)

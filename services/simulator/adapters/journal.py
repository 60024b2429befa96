"""The journal: newline-delimited JSON, written by a thread of its own."""

import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import orjson

from services.simulator.ports import Ticks

_BUFFERED_MAX = 200_000
_GATHER_S = 0.05
"""Entries are written together: one wake-up of the thread each would take its time from callers."""
_CLOSE_S = 60.0


class JournalBehindError(Exception):
    """The disk is slower than the callers: the buffer is full, and nothing may be left out."""


class FileJournal:
    """Appends entries to a fresh file; leaving the context writes out what is buffered."""

    def __init__(self, path: Path, ticks: Ticks) -> None:
        self._path = path
        self._ticks = ticks
        self._entries: deque[dict[str, object]] = deque()
        self._closing = threading.Event()
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
        if len(self._entries) >= _BUFFERED_MAX:
            raise JournalBehindError(
                f"journal: {_BUFFERED_MAX} entries wait for {self._path}; take a faster disk"
            ) from self._failure
        self._entries.append({**now, **fields})

    def close(self) -> None:
        """Write out what is buffered; called again it does nothing.

        Raises:
            OSError: The file could not be written.
        """
        if self._thread.is_alive():
            self._closing.set()
            self._thread.join(_CLOSE_S)
        if self._failure is not None:
            raise self._failure

    def _drain(self) -> None:
        try:
            with self._path.open("wb") as file:
                while not self._closing.wait(_GATHER_S):
                    self._write_out(file)
                self._write_out(file)
        except OSError as error:
            self._failure = error

    def _write_out(self, file: BinaryIO) -> None:
        while self._entries:
            # `list`: a named tuple goes as an array.
            file.write(orjson.dumps(self._entries.popleft(), list, orjson.OPT_APPEND_NEWLINE))
        file.flush()


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the entries of a closed journal, oldest first."""
    with path.open("rb") as file:
        for line in file:
            yield orjson.loads(line)

"""Standard error as plain lines: for files, pipes and terminals that cannot do more."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from services.simulator.domain.progress import Progress, as_line
from services.simulator.domain.summary import Summary, as_text


class TextScreen:
    """Says everything in lines, progress every five seconds."""

    every_s = 5.0

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def say(self, line: str) -> None:
        """Write a line."""
        print(line, file=self._stream, flush=True)

    @contextmanager
    def live(self) -> Iterator[Callable[[Progress], None]]:
        """Give what writes a line of progress."""
        yield lambda progress: self.say(as_line(progress))

    def sum_up(self, summary: Summary) -> None:
        """Write the summary, set apart from the lines around it."""
        self.say(f"\n{as_text(summary)}\n")

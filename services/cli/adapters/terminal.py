"""Standard output for people and for programs."""

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

PATIENCE_S = 2.0
"""Work that takes longer shows that it goes on."""


def show(report: Mapping[str, object], text: object, *, as_json: bool) -> None:
    """Print a report as one JSON object, or its text."""
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
        return
    from rich.console import Console

    # On a terminal its width counts; in a file no line is folded.
    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)
    console.print(text, markup=False)


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """Tell each step on standard error, a line each: for work that somebody waits for."""
    told: list[str] = []

    def tell(step: str) -> None:
        if step not in told[-1:]:
            told.append(step)
            print(step, file=sys.stderr)

    yield tell


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show what goes on if it takes long, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.status import Status

    status = Status("working", console=Console(stderr=True))
    timer = threading.Timer(PATIENCE_S, status.start)
    timer.start()
    try:
        yield status.update
    finally:
        timer.cancel()
        timer.join()
        status.stop()

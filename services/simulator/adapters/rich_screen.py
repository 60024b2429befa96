"""Standard error as a terminal: one picture that is redrawn in place."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from services.simulator.domain.progress import Progress, Trouble, heading
from services.simulator.domain.summary import MISSED, Sheet, Summary
from services.simulator.domain.verdict import OFFER_P50_MS, OFFER_P99_MS

_BAR_CELLS = 60
_COLOURS = {
    "available": "green",
    "offered": "yellow",
    "on call": "blue",
    "wrap-up": "cyan",
    "paused": "magenta",
    "away": "bright_black",
}


class RichScreen:
    """Draws progress once a second, and the summary as tables."""

    every_s = 1.0

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, line: str) -> None:
        """Print a line, unfolded so that it can be pasted; a picture stays below it."""
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def live(self) -> Iterator[Callable[[Progress], None]]:
        """Give what redraws the picture; at the end it is gone and the cursor is back."""
        # Standard output is the program's that reads it. No thread redraws: its turns would come
        # between the callers'.
        live = Live(
            console=self._console, auto_refresh=False, transient=True, redirect_stdout=False
        )
        with live:
            yield lambda progress: live.update(picture(progress), refresh=True)

    def sum_up(self, summary: Summary) -> None:
        """Print the summary in a frame of the verdict's colour."""
        colour = "green" if summary.ok else "red"
        tables = [part for sheet in summary.sheets for part in (_table(sheet), Text())]
        verdict = Text(summary.verdict, f"bold {colour}")
        told = Group(Text("\n".join(summary.facts)), Text(), *tables, verdict)
        self._console.print(Panel(told, border_style=colour, expand=False))


def picture(progress: Progress) -> Panel:
    """Draw how a run stands: one text, as a table costs five times as much at each redraw."""
    text = Text(no_wrap=True, overflow="ellipsis")
    _figure(text, "signed in", f"{progress.signed_in:,} of {progress.sessions:,} callers")
    _callers(text, progress)
    _figure(text, "offers", f"{progress.offers_per_s:,.0f} a second, {progress.offers:,} so far")
    spread = progress.offer_ms
    _figure(
        text,
        "offer_ms",
        f"p50 {spread.p50:.1f} (bar {OFFER_P50_MS:g}), p99 {spread.p99:.1f} (bar {OFFER_P99_MS:g})",
    )
    _figure(text, "waiting", f"{progress.waiting:,} contacts")
    _troubles(text, progress.troubles)
    text.rstrip()
    return Panel(text, title=heading(progress), title_align="left", expand=False)


def _figure(text: Text, name: str, value: str) -> None:
    text.append(f"{name:<11}", "dim").append(f"{value}\n")


def _callers(text: Text, progress: Progress) -> None:
    """Draw a bar of what callers do, and name its parts."""
    text.append(" " * 11)
    drawn = done = 0
    for activity, callers in progress.activities.items():
        done += callers
        cells = round(done * _BAR_CELLS / max(1, progress.sessions)) - drawn
        text.append("█" * cells, _COLOURS[activity])
        drawn += cells
    text.append("\n" + " " * 11)
    for activity, callers in progress.activities.items():
        text.append("● ", _COLOURS[activity]).append(f"{activity} {callers:,}  ")
    text.append("\n")


def _troubles(text: Text, troubles: tuple[Trouble, ...]) -> None:
    if troubles:
        text.append(f"\n{'centre':<11}{'waiting':>9}{'available':>11}{'callers':>9}\n", "dim")
    for centre in troubles:
        text.append(
            f"{centre.centre_id:<11}{centre.waiting:>9,}{centre.available:>11,}"
            f"{centre.callers:>9,}\n"
        )


def _table(sheet: Sheet) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for place, head in enumerate(sheet.heads):
        table.add_column(head, justify="right" if place else "left")
    for row in sheet.rows:
        table.add_row(*(Text(cell, "bold red" if cell == MISSED else "") for cell in row))
    return table

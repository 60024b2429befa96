"""The results as a table: drawn on a terminal, in plain columns elsewhere."""

from typing import TextIO

from rich.console import Console
from rich.table import Table

from bench.figures import Figure, Results, Row

HEADINGS = ("row", "value", "unit", "bar", "limit", "ratio", "")
_NUMBERS = (1, 3, 4, 5)
_WHOLE_FROM = 1_000


def cells(row: Row, figure: Figure) -> tuple[str, ...]:
    """Return one line of the table, as text."""
    kept = row.bar is None or (figure.value is not None and row.bar.is_met(figure.value))
    return (
        row.name,
        _number(figure.value),
        row.unit,
        "" if row.bar is None else str(row.bar),
        _number(figure.limit),
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        " ".join(part for part in ("" if kept else "MISSED", figure.note) if part),
    )


def plain(results: Results) -> str:
    """Return the table in columns of spaces."""
    lines = [HEADINGS, *_lines(results)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if n in _NUMBERS else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def show(results: Results, stream: TextIO) -> None:
    """Print the table."""
    if not stream.isatty():
        stream.write(plain(results) + "\n")
        return
    table = Table(box=None, header_style="bold")
    for n, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if n in _NUMBERS else "left")
    for line in _lines(results):
        table.add_row(*line, style="red" if "MISSED" in line[-1] else None)
    Console(file=stream).print(table)


def _lines(results: Results) -> list[tuple[str, ...]]:
    return [cells(row, results.figures[name]) for name, row in results.rows.items()]


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else f"{value:.3g}"

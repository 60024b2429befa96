"""What a figure is: a value, the bar it is held to, and the limit it is compared with. Pure."""

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from typing_extensions import override


class Sense(enum.Enum):
    """Which side of a bar is good."""

    AT_MOST = "<="
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True)
class Bar:
    """What a value is held to, in the unit of its row."""

    figure: float
    sense: Sense

    def is_met(self, value: float) -> bool:
        """Tell whether a value keeps the bar; on the bar is kept."""
        if self.sense is Sense.AT_MOST:
            return value <= self.figure
        return value >= self.figure

    @override
    def __str__(self) -> str:
        return f"{self.sense.value} {self.figure:g}"


def at_most(figure: float) -> Bar:
    """Return a bar that larger values miss."""
    return Bar(figure, Sense.AT_MOST)


def at_least(figure: float) -> Bar:
    """Return a bar that smaller values miss."""
    return Bar(figure, Sense.AT_LEAST)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: its name is what scripts rely on."""

    name: str
    unit: str
    bar: Bar | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured for a row."""

    value: float | None
    """None: nothing was; the note says why."""
    limit: float | None = None
    """The same work in a bare loop, in the same minute; None where there is none."""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The value in parts of the limit; None without one of them."""
        if self.value is None or not self.limit:
            return None
        return self.value / self.limit


@dataclass(slots=True)
class Results:
    """Figures by row, in the order in which they came, and what went wrong meanwhile."""

    rows: dict[str, Row] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    """Why a piece of work could not be done, by its name."""
    violations: list[str] = field(default_factory=list)
    """Promises that were seen broken."""

    def add(self, rows: Iterable[Row], figures: Mapping[str, Figure]) -> None:
        """Take the figures of these rows; a row without one is noted as not measured."""
        for row in rows:
            self.rows[row.name] = row
            self.figures[row.name] = figures.get(row.name, Figure(None, note="not measured"))

    @property
    def ok(self) -> bool:
        """True when everything ran and no promise was broken; bars are another matter."""
        return not (self.failed or self.violations)

    @property
    def bars_missed(self) -> list[str]:
        """Name every bar that was missed, with its figures."""
        return [
            missed
            for name, row in self.rows.items()
            if (missed := _missed(row, self.figures[name])) is not None
        ]

    def as_json(self) -> dict[str, object]:
        """Return the object of `docs/interfaces.md`."""
        return {
            "ok": self.ok,
            "bars_missed": self.bars_missed,
            "results": {name: _as_json(row, self.figures[name]) for name, row in self.rows.items()},
            "failed": self.failed,
            "violations": self.violations,
        }


def significant(value: float | None, digits: int = 4) -> float | None:
    """Return a value to so many significant digits: what is behind them is noise."""
    return None if value is None else float(f"{value:.{digits}g}")


def percentile(sample: Sequence[float], share: float) -> float | None:
    """Return the nearest-rank percentile of a sample; None of an empty one."""
    if not sample:
        return None
    ranked = sorted(sample)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def _missed(row: Row, figure: Figure) -> str | None:
    if row.bar is None:
        return None
    if figure.value is None:
        return f"{row.name}: {figure.note or 'not measured'}"
    if row.bar.is_met(figure.value):
        return None
    return f"{row.name}: {figure.value:.4g} {row.unit}, bar {row.bar}"


def _as_json(row: Row, figure: Figure) -> dict[str, object]:
    return {
        "value": significant(figure.value),
        "unit": row.unit,
        "bar": None if row.bar is None else row.bar.figure,
        "limit": significant(figure.limit),
        "ratio": significant(figure.ratio, 3),
        "note": figure.note,
    }

"""A measured curve, as plain values that can be kept and drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Curve:
    """How one thing grows with another."""

    name: str
    """Also that of its plot's file."""
    title: str
    x_label: str
    y_label: str
    points: tuple[Point, ...]

    def as_json(self) -> dict[str, object]:
        """Return what was measured as plain values."""
        points = [[point.x, point.y] for point in self.points]
        return {"x": self.x_label, "y": self.y_label, "points": points}


@dataclass(frozen=True, slots=True)
class Study:
    """A curve to be measured."""

    name: str
    title: str
    x_label: str
    y_label: str
    sizes: Sequence[float]
    measure: Callable[[float], float]

    def curve(self, say: Callable[[str], None]) -> Curve:
        """Measure every size, the smallest first."""
        points: list[Point] = []
        for size in self.sizes:
            y = self.measure(size)
            say(f"  {self.name}: {y:.3g} {self.y_label} at {size:g} {self.x_label}")
            points.append(Point(size, y))
        return Curve(self.name, self.title, self.x_label, self.y_label, tuple(points))

"""Curves as SVG, the same bytes for the same values: no dates, no random ids."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.growth.curves import Curve

_INCHES = (5.6, 3.2)


def draw(curve: Curve, folder: Path) -> Path:
    """Write the plot of a curve into a folder and return its path; both axes are logarithmic."""
    with mpl.rc_context(
        {
            "svg.hashsalt": "seatline",
            "svg.fonttype": "none",
            "font.family": "sans-serif",
            "font.size": 9.0,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.3,
        }
    ):
        figure = Figure(figsize=_INCHES, layout="constrained")
        axes = figure.subplots()
        axes.set_title(curve.title)
        axes.set_xlabel(curve.x_label)
        axes.set_ylabel(curve.y_label)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.plot([p.x for p in curve.points], [p.y for p in curve.points], "o-", color="#1f5a8a")
        low, high = min(p.y for p in curve.points), max(p.y for p in curve.points)
        axes.set_ylim(low / 3, high * 3)
        for point in curve.points:
            axes.annotate(f"{point.y:.3g}", (point.x, point.y), (0, 7), textcoords="offset points")
        path = folder / f"{curve.name}.svg"
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    return path

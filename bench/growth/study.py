"""Measure every curve, and draw it."""

from collections.abc import Callable
from pathlib import Path

from bench.growth import floors, takeover
from bench.growth.curves import Curve
from bench.growth.plots import draw
from services.stack.layout import REPOSITORY

FOLDER = REPOSITORY / "docs" / "performance"
STUDIES = (*floors.STUDIES, takeover.STUDY)


def measure_and_draw(say: Callable[[str], None], folder: Path = FOLDER) -> list[Curve]:
    """Measure all curves and write their plots into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    curves = []
    for study in STUDIES:
        curve = study.curve(say)
        curves.append(curve)
        say(f"  wrote {draw(curve, folder)}")
    return curves

from pathlib import Path

from bench.growth.curves import Curve, Point, Study
from bench.growth.plots import draw

CURVE = Curve("cost", "A decision", "sessions", "µs", (Point(2_000, 41.5), Point(20_000, 42.25)))


def test_a_study_measures_every_size_and_says_so() -> None:
    said: list[str] = []
    study = Study("cost", "A decision", "sessions", "µs", (2, 20), lambda size: size / 4)
    curve = study.curve(said.append)
    assert curve.points == (Point(2, 0.5), Point(20, 5.0))
    assert said == ["  cost: 0.5 µs at 2 sessions", "  cost: 5 µs at 20 sessions"]


def test_a_curve_is_plain_values() -> None:
    assert CURVE.as_json() == {
        "x": "sessions",
        "y": "µs",
        "points": [[2_000, 41.5], [20_000, 42.25]],
    }


def test_a_plot_is_the_same_bytes_for_the_same_values(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    first, second = draw(CURVE, tmp_path), draw(CURVE, tmp_path / "again")
    assert first.name == "cost.svg"
    assert first.read_bytes() == second.read_bytes()
    text = first.read_text()
    assert "A decision" in text
    assert "42.2" in text
    assert "<dc:date>" not in text

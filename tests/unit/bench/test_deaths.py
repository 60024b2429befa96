from pathlib import Path

import pytest

from bench.figures import Figure
from bench.rows import deaths
from bench.rows.deaths import Death
from bench.simulation import Load
from bench.work import IncompleteError
from bench.world import World, WorldError

DISPATCHER, ROUTER, GATEWAY = "takeover_dispatcher", "takeover_router", "reconnect"


class Course:
    """Loads and deaths on a clock of their own."""

    def __init__(self, felt_s: dict[str, float]) -> None:
        self.felt_s = felt_s
        """By row; one that is not there never comes back."""
        self.now_s = 0.0
        self.loads: list[list[str]] = []
        """Rows by the load under which they were measured."""
        self.reported = 0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def load(self, _: World, __: Load) -> "Course":
        self.loads.append([])
        return self

    def __enter__(self) -> "Course":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def begin(self) -> float:
        return self.now_s

    def report(self) -> None:
        self.reported += 1

    def felt(self, _: World, death: Death) -> Figure:
        self.loads[-1].append(death.row)
        if death.row not in self.felt_s:
            raise WorldError(f"{death.row}: not back")
        self.now_s += self.felt_s[death.row]
        return Figure(self.felt_s[death.row])


def course(monkeypatch: pytest.MonkeyPatch, **felt_s: float) -> Course:
    made = Course(felt_s)
    monkeypatch.setattr(deaths, "time", made)
    monkeypatch.setattr(deaths, "Simulation", made.load)
    monkeypatch.setattr(deaths, "_felt", made.felt)
    return made


def world() -> World:
    return World(Path("nowhere"), lambda _: None)


def test_one_load_is_enough_when_all_are_back_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = course(monkeypatch, takeover_dispatcher=8.0, takeover_router=8.0, reconnect=8.0)
    assert deaths.measure(world()).keys() == {DISPATCHER, ROUTER, GATEWAY}
    assert (seen.loads, seen.reported) == ([[DISPATCHER, ROUTER, GATEWAY]], 1)


def test_a_missed_bar_is_a_figure_and_leaves_the_others_to_another_load(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = course(monkeypatch, takeover_dispatcher=55.0, takeover_router=4.0, reconnect=4.0)
    assert deaths.measure(world())[DISPATCHER] == Figure(55.0)
    assert (seen.loads, seen.reported) == ([[DISPATCHER], [ROUTER, GATEWAY]], 2)


def test_who_never_comes_back_is_a_failure_that_leaves_the_figures_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = course(monkeypatch, takeover_dispatcher=4.0)
    with pytest.raises(IncompleteError, match="takeover_router: not back") as failed:
        deaths.measure(world())
    assert failed.value.figures == {DISPATCHER: Figure(4.0)}
    assert (seen.loads, seen.reported) == ([[DISPATCHER, ROUTER]], 0)

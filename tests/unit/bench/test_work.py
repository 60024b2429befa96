from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bench.catalogue import WORKS
from bench.figures import Figure, Results, Row
from bench.work import Chosen, IncompleteError, UnknownNameError, Work, choose, perform
from bench.world import World


def measured(_: World) -> Mapping[str, Figure]:
    return {"p50": Figure(1.0), "p99": Figure(2.0)}


def broken(_: World) -> Mapping[str, Figure]:
    raise OSError("the disk is full")


LOAD = Work("load", (Row("p50", "ms"), Row("p99", "ms")), 60, measured)
KNEE = Work("knee", (Row("knee_load", "offers/s"),), 120, broken)
BOTH = (LOAD, KNEE)


def names(chosen: list[Chosen]) -> list[str]:
    return [row.name for each in chosen for row in each.rows]


@pytest.mark.parametrize(
    ("only", "rows"),
    [
        ("", ["p50", "p99", "knee_load"]),
        ("p99", ["p99"]),
        ("load", ["p50", "p99"]),
        ("knee_load, p50", ["p50", "knee_load"]),
        ("load,knee", ["p50", "p99", "knee_load"]),
    ],
)
def test_rows_are_chosen_by_their_own_name_or_by_that_of_the_work(
    only: str, rows: list[str]
) -> None:
    assert names(choose(BOTH, only)) == rows


@pytest.mark.parametrize("only", ["p98", "p99,p98", ",", " "])
def test_a_wrong_name_is_refused_with_the_list(only: str) -> None:
    with pytest.raises(UnknownNameError, match=r"load \(p50, p99\); knee \(knee_load\)"):
        choose(BOTH, only)


def test_work_that_fails_leaves_the_other_rows_alone_and_says_why() -> None:
    said: list[str] = []
    results = Results()
    perform(choose((KNEE, LOAD), ""), World(Path("nowhere"), said.append), results)
    assert results.failed == {"knee": "OSError: the disk is full"}
    assert results.figures["knee_load"] == Figure(None, note="failed")
    assert results.figures["p99"] == Figure(2.0)


def half(_: World) -> Mapping[str, Figure]:
    raise IncompleteError("it never came back", {"p50": Figure(1.0)})


def test_work_that_fails_half_way_keeps_what_it_measured() -> None:
    results = Results()
    perform(
        [Chosen(replace(LOAD, measure=half), LOAD.rows)],
        World(Path("nowhere"), lambda _: None),
        results,
    )
    assert results.failed == {"load": "IncompleteError: it never came back"}
    assert results.figures == {"p50": Figure(1.0), "p99": Figure(None, note="failed")}


def test_progress_names_the_work_and_how_much_is_left() -> None:
    said: list[str] = []
    perform(choose(BOTH, ""), World(Path("nowhere"), said.append), Results())
    assert said[0] == "1/2 load, about 60 s; 1 to come, 3.0 min left"
    assert "2/2 knee, about 120 s; 0 to come, 2.0 min left" in said


def test_promises_that_a_run_saw_broken_are_among_the_results() -> None:
    world = World(Path("nowhere"), lambda _: None)
    world.violations.append("default load: lost: 1")
    results = Results()
    perform([], world, results)
    assert results.violations == ["default load: lost: 1"]


def test_no_two_rows_or_pieces_of_work_share_a_name() -> None:
    listed = [work.name for work in WORKS] + [row.name for work in WORKS for row in work.rows]
    assert len(listed) == len(set(listed))


def test_everything_together_takes_at_most_a_quarter_of_an_hour() -> None:
    assert sum(work.about_s for work in WORKS) <= 14.5 * 60

import pytest

from bench.figures import Bar, Figure, Results, Row, at_least, at_most, percentile


def results(*lines: tuple[Row, Figure]) -> Results:
    found = Results()
    for row, figure in lines:
        found.add([row], {row.name: figure})
    return found


@pytest.mark.parametrize(
    ("bar", "value", "met"),
    [
        (at_most(5.0), 4.9, True),
        (at_most(5.0), 5.0, True),
        (at_most(5.0), 5.1, False),
        (at_least(2_000.0), 2_001.0, True),
        (at_least(2_000.0), 2_000.0, True),
        (at_least(2_000.0), 1_999.0, False),
    ],
)
def test_a_bar_is_met_on_its_good_side_and_on_itself(bar: Bar, value: float, met: bool) -> None:
    assert bar.is_met(value) is met


def test_a_missed_bar_is_named_with_its_figures_and_a_met_one_is_not() -> None:
    found = results(
        (Row("slow", "ms", at_most(5.0)), Figure(7.25)),
        (Row("quick", "ms", at_most(5.0)), Figure(3.0)),
        (Row("free", "ms"), Figure(1e9)),
    )
    assert found.bars_missed == ["slow: 7.25 ms, bar <= 5"]


def test_a_bar_of_which_nothing_was_measured_is_missed_with_the_reason() -> None:
    found = results((Row("gone", "ms", at_most(5.0)), Figure(None, note="failed")))
    assert found.bars_missed == ["gone: failed"]


def test_a_row_that_no_figure_came_for_is_there_all_the_same() -> None:
    found = Results()
    found.add([Row("knee", "offers/s", at_least(1.0))], {})
    assert found.figures["knee"] == Figure(None, note="not measured")
    assert found.bars_missed == ["knee: not measured"]


@pytest.mark.parametrize(
    ("figure", "ratio"),
    [
        (Figure(30.0, 20.0), 1.5),
        (Figure(30.0), None),
        (Figure(None, 20.0), None),
        (Figure(30.0, 0.0), None),
    ],
)
def test_the_ratio_is_the_value_in_parts_of_the_limit(figure: Figure, ratio: float | None) -> None:
    assert figure.ratio == ratio


def test_the_object_has_every_row_with_the_same_keys() -> None:
    found = results(
        (Row("a", "facts/s", at_least(100.0)), Figure(123_456.0, 300_000.0)),
        (Row("b", "ms"), Figure(None, note="not there")),
    )
    assert found.as_json() == {
        "ok": True,
        "bars_missed": [],
        "results": {
            "a": {
                "value": 123_500.0,
                "unit": "facts/s",
                "bar": 100.0,
                "limit": 300_000.0,
                "ratio": 0.412,
                "note": "",
            },
            "b": {
                "value": None,
                "unit": "ms",
                "bar": None,
                "limit": None,
                "ratio": None,
                "note": "not there",
            },
        },
        "failed": {},
        "violations": [],
    }


def test_a_missed_bar_is_not_a_failure_but_broken_promises_and_failed_work_are() -> None:
    found = results((Row("slow", "ms", at_most(5.0)), Figure(7.0)))
    assert found.ok
    found.violations.append("lost: 1")
    assert not found.ok
    found.violations.clear()
    found.failed["peak"] = "no stack"
    assert not found.ok


def test_percentiles_are_taken_by_nearest_rank() -> None:
    sample = [float(n) for n in range(100, 0, -1)]
    assert percentile(sample, 0.5) == 51.0
    assert percentile(sample, 0.99) == 100.0
    assert percentile([], 0.5) is None

import io

from bench.figures import Figure, Results, Row, at_most
from bench.table import cells, plain, show


def test_a_line_says_what_was_measured_and_what_was_missed() -> None:
    row = Row("offer_p99", "ms", at_most(30.0))
    assert cells(row, Figure(45.0, 15.0)) == (
        *("offer_p99", "45", "ms", "<= 30", "15", "3.00"),
        "MISSED",
    )
    assert cells(row, Figure(12.0))[3:] == ("<= 30", "-", "", "")
    assert cells(row, Figure(None, note="failed"))[-1] == "MISSED failed"


def test_a_plain_table_keeps_its_columns() -> None:
    results = Results()
    results.add([Row("a", "ms"), Row("longer", "offers/s")], {"a": Figure(1234.5, 2.0)})
    heading, first, second = plain(results).splitlines()
    assert heading.index("unit") == first.index("ms") == second.index("offers/s")
    assert "1,234" in first
    assert second.endswith("not measured")


def test_away_from_a_terminal_the_table_has_no_escape_codes() -> None:
    results, stream = Results(), io.StringIO()
    results.add([Row("a", "ms")], {"a": Figure(1.0)})
    show(results, stream)
    assert stream.getvalue() == plain(results) + "\n"

from collections.abc import Mapping

import pytest

from services.cli.domain.seat_map import KnownSeat, Row, assemble, problems_of

SEATS = {
    f"S01-0{n}": KnownSeat(f"S01-0{n}", ("te", "en") if n < 3 else ("ur", "en"), (f"S01-AC{n}",))
    for n in range(1, 5)
}
GOOD = [
    ("S01-01", "C001", "One", "S01-01", "10", "0"),
    ("S01-02", "C002", "Two", "S01-02", "20", "1"),
    ("S01-03", "C001", "One", "S01-01", "30", "0"),
    ("S01-04", "C002", "Two", "S01-02", "40", "1"),
]
FIELDS = ("seat_id", "centre_id", "centre_name", "site_seat_id", "callers", "partition")


def rows(changes: Mapping[int, Mapping[str, str]] | None = None) -> list[Row]:
    """The good rows, changed: `{line: {field: value}}`."""
    made = []
    for line, values in enumerate(GOOD, start=2):
        cells = dict(zip(FIELDS, values, strict=True)) | dict((changes or {}).get(line, {}))
        made.append(Row(line, cells))
    return made


def complaints(given: list[Row], in_use: Mapping[str, int] | None = None) -> list[tuple[int, str]]:
    found = problems_of(given, SEATS, 2, in_use or {})
    return [(problem.line, problem.field) for problem in found]


def test_a_good_map_has_no_problems_and_sums_up_its_centres() -> None:
    assert complaints(rows()) == []
    made = assemble(rows(), SEATS)
    assert [(c.centre_id, c.name, c.partition, c.callers, c.languages) for c in made.centres] == [
        ("C001", "One", 0, 40, ("te", "en", "ur")),
        ("C002", "Two", 1, 60, ("te", "en", "ur")),
    ]
    assert [(seat.seat_id, seat.centre_id, seat.segment_ids) for seat in made.seats][:2] == [
        ("S01-01", "C001", ("S01-AC1",)),
        ("S01-02", "C002", ("S01-AC2",)),
    ]


def test_the_order_of_rows_makes_no_other_map() -> None:
    assert assemble(rows(), SEATS) == assemble(list(reversed(rows())), SEATS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seat_id", "S99-01"),
        ("site_seat_id", ""),
        ("centre_id", ""),
        ("centre_name", "x" * 65),
        ("callers", "-1"),
        ("callers", "many"),
        ("callers", "10001"),
        ("partition", "2"),
        ("partition", "²"),
    ],
)
def test_a_bad_cell_is_named_with_its_row(field: str, value: str) -> None:
    assert (3, field) in complaints(rows({3: {field: value}}))


def test_a_seat_given_twice_is_named_and_so_is_the_one_it_displaced() -> None:
    assert complaints(rows({4: {"seat_id": "S01-01"}})) == [(4, "seat_id"), (6, "seat_id")]


def test_centres_must_agree_with_themselves() -> None:
    assert complaints(rows({5: {"centre_name": "Zwei"}})) == [(5, "centre_name")]
    assert complaints(rows({4: {"partition": "1"}})) == [(4, "partition")]


def test_a_centre_never_changes_its_partition() -> None:
    found = problems_of(rows(), SEATS, 2, {"C001": 1, "C002": 1, "C003": 0})
    assert [(problem.line, problem.field) for problem in found] == [(2, "partition")]
    assert "partition 1 for good" in found[0].sentence


def test_all_problems_are_listed_at_once_in_the_order_of_rows() -> None:
    found = complaints(rows({2: {"callers": ""}, 3: {"seat_id": "?"}, 5: {"partition": "9"}}))
    assert found == sorted(found)
    assert {line for line, _ in found} == {2, 3, 5, 6}


def test_an_empty_map_misses_every_seat() -> None:
    assert len(complaints([])) == len(SEATS)

import csv
from pathlib import Path

DATA = Path(__file__).parents[2] / "data"


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_seat_data_is_whole() -> None:
    seats = {row["seat_id"] for row in rows("seats.csv")}
    segments = rows("segments.csv")
    assert len(seats) == 543
    assert len({row["segment_id"] for row in segments}) == len(segments) == 4130
    assert {row["seat_id"] for row in segments} == seats
    assert {row["seat_id"] for row in rows("seat_notes.csv")} <= seats

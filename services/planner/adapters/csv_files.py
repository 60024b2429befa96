"""Read the seats, write a map: comma separated, UTF-8, header row."""

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path

from services.planner.domain.model import PlannedSeat, Seat

MAP_COLUMNS = tuple(field.name for field in fields(PlannedSeat))


class UnreadableSeatsError(Exception):
    """Say which file, line and column cannot be read, and what to do."""


def read_seats(path: Path) -> list[Seat]:
    """Return the seats of a file with the columns of `data/seats.csv`.

    Raises:
        UnreadableSeatsError: the file is away, or a cell of it is missing or not a number.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            return [_seat(path, reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path}: cannot be read ({error}); name a seats file with --seats"
        raise UnreadableSeatsError(message) from error


def _seat(path: Path, line: int, row: dict[str, str]) -> Seat:
    try:
        return Seat(
            seat_id=row["seat_id"],
            name=row["seat_name"],
            state=row["state_name"],
            electors=int(row["electors"]),
            lat=float(row["lat"]),
            lon=float(row["lon"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        message = f"{path} line {line}: {error!r}; the columns are described in data/README.md"
        raise UnreadableSeatsError(message) from error


def map_text(rows: Sequence[PlannedSeat]) -> str:
    """Return a map as the text of its file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(MAP_COLUMNS)
    writer.writerows(astuple(row) for row in rows)
    return text.getvalue()

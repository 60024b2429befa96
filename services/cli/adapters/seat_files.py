"""Read maps, seats and policies from files; every complaint names file, row and remedy."""

import csv
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from services.cli.domain.seat_map import HEADER, KnownSeat, Row
from services.cli.errors import NotDoneError

ROWS_MAX = 10_000
DATA = Path(__file__).resolve().parents[3] / "data"
"""The reference data that comes with the code."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The seats there are."""

    seats: dict[str, KnownSeat]
    poll_dates: tuple[tuple[str, date], ...]


def read_map(path: Path) -> list[Row]:
    """Return the rows of a map file.

    Raises:
        NotDoneError: It cannot be read, or its header is another.
    """
    return [Row(line, cells) for line, cells in _rows(path, HEADER)]


def read_reference(folder: Path = DATA) -> Reference:
    """Return the seats and segments of a data folder.

    Raises:
        NotDoneError: A file cannot be read.
    """
    segments: dict[str, list[str]] = {}
    for _, cells in _rows(folder / "segments.csv", ("segment_id", "seat_id")):
        segments.setdefault(cells["seat_id"], []).append(cells["segment_id"])
    seats: dict[str, KnownSeat] = {}
    polls: list[tuple[str, date]] = []
    path = folder / "seats.csv"
    for line, cells in _rows(path, ("seat_id", "poll_date", "languages")):
        seat_id = cells["seat_id"]
        languages = tuple(language for language in cells["languages"].split(";") if language)
        seats[seat_id] = KnownSeat(seat_id, languages, tuple(segments.get(seat_id, ())))
        try:
            polls.append((seat_id, date.fromisoformat(cells["poll_date"])))
        except ValueError:
            message = f"{path}: row {line}: poll_date: no date; write it as 2024-05-13"
            raise NotDoneError(message) from None
    return Reference(seats, tuple(polls))


def read_policy(path: Path) -> dict[str, object]:
    """Return the fields of a policy file.

    Raises:
        NotDoneError: It cannot be read.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise NotDoneError(f"--policy {path}: cannot be read: {error}") from error


def _rows(path: Path, wanted: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in wanted if name not in (reader.fieldnames or ())]
            if missing:
                raise NotDoneError(
                    f"{path}: row 1: {', '.join(missing)}: no such column; the header must name "
                    f"{','.join(wanted)}"
                )
            for number, cells in enumerate(reader):
                if number >= ROWS_MAX:
                    raise NotDoneError(f"{path}: more than {ROWS_MAX} rows; is it the right file?")
                yield reader.line_num, {name: (cells[name] or "").strip() for name in wanted}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise NotDoneError(f"{path}: cannot be read: {error}") from error

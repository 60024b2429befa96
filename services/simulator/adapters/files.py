"""Read the map and the seat list: who lives where, who calls from where."""

import csv
from dataclasses import dataclass
from pathlib import Path

from services.simulator.domain.places import Centre, Seat

DATA = Path(__file__).resolve().parents[3] / "data"
SEATS = DATA / "seats.csv"


class FileFaultError(Exception):
    """A file cannot be used."""


@dataclass(frozen=True, slots=True)
class Territory:
    """The seats of a map and its centres, in the order of their ids."""

    seats: tuple[Seat, ...]
    centres: tuple[Centre, ...]


def map_file(centres: int) -> Path:
    """Return the file of the map with this many centres.

    Raises:
        FileFaultError: There is none.
    """
    path = DATA / "maps" / f"2024-{centres}.csv"
    if not path.is_file():
        others = path.parent.glob("2024-*.csv")
        there = ", ".join(sorted(other.stem.rpartition("-")[2] for other in others))
        raise FileFaultError(
            f"centres: there is no map with {centres}; give one of: {there or 'none'}"
        )
    return path


def partitions_of(map_path: Path) -> int:
    """Return how many partitions a map spreads its centres over.

    Raises:
        FileFaultError: The file or its column is missing, or an entry is no number.
    """
    rows = _rows(map_path, "partition")
    for line, row in enumerate(rows, start=2):
        if not row["partition"].isdecimal():
            raise FileFaultError(f"{map_path}: line {line}: partition is {row['partition']!r}")
    return 1 + max(int(row["partition"]) for row in rows)


def territory(map_path: Path, seats_path: Path = SEATS) -> Territory:
    """Read a map, with electors and languages from the seat list.

    Raises:
        FileFaultError: A file or a column is missing, or a seat of the map is in no list.
    """
    known = {row["seat_id"]: row for row in _rows(seats_path, "seat_id", "electors", "languages")}
    seats: list[Seat] = []
    callers: dict[str, int] = {}
    languages: dict[str, dict[str, None]] = {}
    for row in _rows(map_path, "seat_id", "centre_id", "callers"):
        facts = known.get(row["seat_id"])
        if facts is None:
            raise FileFaultError(f"{map_path}: seat_id {row['seat_id']} is not in {seats_path}")
        spoken = tuple(facts["languages"].split(";"))
        centre_id = row["centre_id"]
        seats.append(Seat(row["seat_id"], centre_id, int(facts["electors"]), spoken))
        callers[centre_id] = callers.get(centre_id, 0) + int(row["callers"])
        languages.setdefault(centre_id, {}).update(dict.fromkeys(spoken))
    centres = tuple(Centre(c, callers[c], tuple(languages[c])) for c in sorted(callers))
    return Territory(tuple(seats), centres)


def _rows(path: Path, *columns: str) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise FileFaultError(f"{path}: {error.strerror}; run `make map`") from error
    missing = [column for column in columns if not rows or column not in rows[0]]
    if missing:
        raise FileFaultError(f"{path}: no rows with the columns {', '.join(missing)}")
    return rows

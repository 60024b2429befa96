"""Check a seat map against the seats there are, the stack and the map in use."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

HEADER = ("seat_id", "centre_id", "centre_name", "site_seat_id", "callers", "partition")
ID_CHARS_MAX = 64
CALLERS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a map file, as text."""

    line: int
    """As in a spreadsheet: the header is 1."""
    cells: Mapping[str, str]

    def number(self, field: str) -> int | None:
        """Return a cell as a number that is not negative; None when it is none."""
        cell = self.cells[field]
        return int(cell) if cell.isascii() and cell.isdigit() else None


@dataclass(frozen=True, slots=True)
class KnownSeat:
    """A seat of the reference data."""

    seat_id: str
    languages: tuple[str, ...]
    segment_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Centre:
    """A centre of a map."""

    centre_id: str
    name: str
    partition: int
    callers: int
    """Callers that can sit there: the sum over its seats."""
    languages: tuple[str, ...]
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat of a map."""

    seat_id: str
    centre_id: str
    segment_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeatMap:
    """A complete map, apart from its version."""

    centres: tuple[Centre, ...]
    seats: tuple[Seat, ...]

    @property
    def partitions(self) -> dict[str, int]:
        """Partition by centre."""
        return {centre.centre_id: centre.partition for centre in self.centres}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row, and what to do."""

    line: int
    field: str
    message: str

    @property
    def sentence(self) -> str:
        """Row, field and remedy."""
        return f"row {self.line}: {self.field}: {self.message}"


def problems_of(
    rows: Sequence[Row],
    seats: Mapping[str, KnownSeat],
    partition_count: int,
    in_use: Mapping[str, int],
) -> list[Problem]:
    """List everything that is wrong, by row.

    Args:
        rows: The lines of the file.
        seats: All seats by id; each must be in the map once.
        partition_count: Partitions of the stack.
        in_use: Partition by centre of the map in use; a centre keeps its partition for good.
    """
    problems = [problem for row in rows for problem in _cells(row, seats, partition_count)]
    problems += _twice(rows)
    problems += _disagreeing(rows)
    problems += _moved(rows, in_use)
    problems.sort(key=lambda problem: problem.line)
    problems += _missing(rows, seats)
    return problems


def assemble(rows: Sequence[Row], seats: Mapping[str, KnownSeat]) -> SeatMap:
    """Make the map of rows without problems: centres and seats in the order of their ids."""
    by_centre: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.cells["seat_id"]):
        by_centre.setdefault(row.cells["centre_id"], []).append(row)
    return SeatMap(
        centres=tuple(_centre(by_centre[key], seats) for key in sorted(by_centre)),
        seats=tuple(
            Seat(seat_id, row.cells["centre_id"], seats[seat_id].segment_ids)
            for seat_id, row in sorted((row.cells["seat_id"], row) for row in rows)
        ),
    )


def _centre(rows: Sequence[Row], seats: Mapping[str, KnownSeat]) -> Centre:
    languages = (lang for row in rows for lang in seats[row.cells["seat_id"]].languages)
    first = rows[0]
    return Centre(
        centre_id=first.cells["centre_id"],
        name=first.cells["centre_name"],
        partition=int(first.cells["partition"]),
        callers=sum(int(row.cells["callers"]) for row in rows),
        languages=tuple(dict.fromkeys(languages)),
    )


def _cells(row: Row, seats: Mapping[str, KnownSeat], partition_count: int) -> Iterator[Problem]:
    for field in ("seat_id", "site_seat_id"):
        if row.cells[field] not in seats:
            yield Problem(row.line, field, f"{_shown(row, field)} is no seat of seats.csv")
    for field in ("centre_id", "centre_name"):
        if not 0 < len(row.cells[field]) <= ID_CHARS_MAX:
            yield Problem(row.line, field, f"give 1 to {ID_CHARS_MAX} characters")
    callers, partition = row.number("callers"), row.number("partition")
    if callers is None or callers > CALLERS_MAX:
        what = f"{_shown(row, 'callers')} cannot be; give 0 to {CALLERS_MAX}"
        yield Problem(row.line, "callers", what)
    if partition is None or partition >= partition_count:
        what = (
            f"{_shown(row, 'partition')} is none of this stack's; give 0 to {partition_count - 1}"
        )
        yield Problem(row.line, "partition", what)


def _twice(rows: Sequence[Row]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for row in rows:
        line = first.setdefault(row.cells["seat_id"], row.line)
        if line != row.line:
            message = f"{_shown(row, 'seat_id')} is in row {line} already; keep one of the rows"
            yield Problem(row.line, "seat_id", message)


def _disagreeing(rows: Sequence[Row]) -> Iterator[Problem]:
    first: dict[str, Row] = {}
    for row in rows:
        model = first.setdefault(row.cells["centre_id"], row)
        for field in ("centre_name", "site_seat_id", "partition"):
            if row.cells[field] != model.cells[field]:
                message = (
                    f"{_shown(row, field)}, but row {model.line} says {_shown(model, field)} for "
                    f"centre {row.cells['centre_id']}; make them agree"
                )
                yield Problem(row.line, field, message)


def _moved(rows: Sequence[Row], in_use: Mapping[str, int]) -> Iterator[Problem]:
    told: set[str] = set()
    for row in rows:
        centre_id = row.cells["centre_id"]
        home = in_use.get(centre_id)
        if home is None or row.number("partition") == home or centre_id in told:
            continue
        told.add(centre_id)
        message = (
            f"centre {centre_id} is on partition {home} for good; give {home}, or a new centre_id"
        )
        yield Problem(row.line, "partition", message)


def _missing(rows: Sequence[Row], seats: Mapping[str, KnownSeat]) -> Iterator[Problem]:
    present = {row.cells["seat_id"] for row in rows}
    end = rows[-1].line + 1 if rows else 2
    for seat_id in sorted(seats.keys() - present):
        yield Problem(end, "seat_id", f"{seat_id} has no row; every seat needs a home centre")


def _shown(row: Row, field: str) -> str:
    return repr(row.cells[field][:ID_CHARS_MAX])

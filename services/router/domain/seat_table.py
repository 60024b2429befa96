"""The seat map in the form in which it is asked: seat or segment in, home centre out."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import NewType

from services.router.domain.contact import SeatId, SegmentId

CentreId = NewType("CentreId", str)


class InvalidMapError(Exception):
    """A seat map contradicts itself; the message names what and where."""


@dataclass(frozen=True, slots=True)
class Centre:
    """A call centre."""

    centre_id: CentreId
    partition: int
    closed: bool
    languages: frozenset[str]


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat, its home centre and its assembly segments."""

    seat_id: SeatId
    centre_id: CentreId
    segment_ids: tuple[SegmentId, ...]


@dataclass(frozen=True, slots=True)
class SeatTable:
    """One version of the map. Build it with `seat_table`, which checks it."""

    version: int
    home: Mapping[SeatId, Centre]
    seat_of_segment: Mapping[SegmentId, SeatId]


def seat_table(version: int, centres: Iterable[Centre], seats: Iterable[Seat]) -> SeatTable:
    """Return the table of a map.

    Args:
        version: Version of the map, from 1.
        centres: Its centres.
        seats: Its seats; each has exactly one home centre.

    Raises:
        InvalidMapError: An id is empty or stands twice, or a home centre is not in the map.
    """
    if version < 1:
        raise InvalidMapError("version is 0; publish the map with a version from 1 on")
    known: dict[CentreId, Centre] = {}
    for centre in centres:
        _once(known, centre.centre_id, "centre")
        known[centre.centre_id] = centre
    home: dict[SeatId, Centre] = {}
    seat_of_segment: dict[SegmentId, SeatId] = {}
    for seat in seats:
        _once(home, seat.seat_id, "seat")
        if seat.centre_id not in known:
            raise InvalidMapError(f"seat {seat.seat_id}: no centre {seat.centre_id} in this map")
        home[seat.seat_id] = known[seat.centre_id]
        for segment_id in seat.segment_ids:
            _once(seat_of_segment, segment_id, "segment")
            seat_of_segment[segment_id] = seat.seat_id
    if not home:
        raise InvalidMapError("the map has no seats; publish a complete one")
    return SeatTable(version, home, seat_of_segment)


def _once(known: Container[str], key: str, kind: str) -> None:
    if not key:
        raise InvalidMapError(f"a {kind} has no id")
    if key in known:
        raise InvalidMapError(f"{kind} {key} stands twice in this map")

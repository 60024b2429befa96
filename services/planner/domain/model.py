"""The planner's values: seats, the centres made of them, and what makes a plan impossible."""

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_KM = 6371.0


class ImpossiblePlanError(ValueError):
    """Say which wish cannot be met, and which nearby one can."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A parliamentary seat, as far as a plan depends on it."""

    seat_id: str
    name: str
    state: str
    electors: int
    lat: float
    lon: float

    def km_to(self, other: "Seat") -> float:
        """Return the great-circle distance in kilometres, by the haversine formula."""
        lat, other_lat = radians(self.lat), radians(other.lat)
        half_lat = (other_lat - lat) / 2
        half_lon = radians(other.lon - self.lon) / 2
        chord = sin(half_lat) ** 2 + cos(lat) * cos(other_lat) * sin(half_lon) ** 2
        return 2 * EARTH_RADIUS_KM * asin(sqrt(chord))


@dataclass(frozen=True, slots=True)
class PlannedSeat:
    """One row of a map: a seat, its home centre, and the callers its electors are worth there."""

    seat_id: str
    centre_id: str
    centre_name: str
    site_seat_id: str
    callers: int
    partition: int

import pytest

from services.router.domain.seat_table import Centre, InvalidMapError, Seat, seat_table
from tests.unit.router.values import centre, seat, table


def test_a_table_answers_for_seats_and_segments() -> None:
    seats = table()
    assert seats.home["S24-35"].centre_id == "C001"  # type: ignore[index]
    assert seats.seat_of_segment["S24-AC173"] == "S24-36"  # type: ignore[index]


@pytest.mark.parametrize(
    ("version", "centres", "seats", "named"),
    [
        (0, [centre("C1")], [seat("S1", "C1")], "version is 0"),
        (1, [centre("C1"), centre("C1")], [seat("S1", "C1")], "centre C1 stands twice"),
        (1, [centre("C1")], [seat("S1", "C1"), seat("S1", "C1")], "seat S1 stands twice"),
        (1, [centre("C1")], [seat("S1", "C2")], "seat S1: no centre C2"),
        (
            1,
            [centre("C1")],
            [seat("S1", "C1", "A"), seat("S2", "C1", "A")],
            "segment A stands twice",
        ),
        (1, [centre("")], [seat("S1", "C1")], "a centre has no id"),
        (1, [centre("C1")], [], "no seats"),
    ],
)
def test_a_map_that_contradicts_itself_is_named(
    version: int, centres: list[Centre], seats: list[Seat], named: str
) -> None:
    with pytest.raises(InvalidMapError, match=named):
        seat_table(version, centres, seats)

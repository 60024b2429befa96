from dataclasses import replace

import pytest

from services.planner.domain.grouping import group_seats, make_blocs, share_triples, site_of
from services.planner.domain.model import ImpossiblePlanError, Seat


def seat(number: int, state: str = "A", **changes: object) -> Seat:
    plain = Seat(
        seat_id=f"{state}-{number:02}",
        name=f"Seat {number}",
        state=state,
        electors=1_000_000,
        lat=20.0,
        lon=70.0 + number,
    )
    return replace(plain, **changes)


def ids(groups: list[tuple[Seat, ...]]) -> list[list[str]]:
    return sorted(sorted(member.seat_id for member in group) for group in groups)


def test_neighbours_share_a_centre() -> None:
    line = [seat(number) for number in (1, 2, 11, 12, 21, 22)]
    assert ids(group_seats(line, 3)) == [["A-01", "A-02"], ["A-11", "A-12"], ["A-21", "A-22"]]


def test_small_seats_go_in_threes() -> None:
    large = [seat(number) for number in (1, 2, 3, 4)]
    small = [seat(number, electors=650_000) for number in (21, 22, 23)]
    assert ["A-21", "A-22", "A-23"] in ids(group_seats(large + small, 3))


def test_a_centre_stays_in_its_state_even_when_a_stranger_is_nearer() -> None:
    east = [seat(1, "A"), seat(4, "A")]
    west = [seat(2, "B"), seat(3, "B")]
    assert ids(group_seats(east + west, 2)) == [["A-01", "A-04"], ["B-02", "B-03"]]


def test_a_state_of_one_seat_joins_its_nearest_neighbour() -> None:
    blocs = make_blocs([seat(1, "A"), seat(2, "A"), seat(8, "B"), seat(9, "B"), seat(3, "C")])
    assert [[member.state for member in bloc] for bloc in blocs] == [["A", "A", "C"], ["B", "B"]]


def test_two_lonely_states_find_each_other() -> None:
    blocs = make_blocs([seat(1, "A"), seat(2, "B"), seat(9, "C"), seat(10, "C")])
    assert [len(bloc) for bloc in blocs] == [2, 2]


def test_the_centre_stands_in_the_seat_nearest_to_the_others() -> None:
    assert site_of((seat(1), seat(2), seat(4))).seat_id == "A-02"


def test_of_two_seats_the_centre_stands_in_the_larger() -> None:
    assert site_of((seat(1), seat(2, electors=2_000_000))).seat_id == "A-02"


def test_triples_go_where_seats_are_small() -> None:
    large = [seat(number, "A") for number in range(6)]
    small = [seat(number, "B", electors=100_000) for number in range(6)]
    assert share_triples([large, small], 5) == [0, 2]


@pytest.mark.parametrize("centres", [0, 1, 4, 7])
def test_an_impossible_number_is_refused_with_the_possible_ones(centres: int) -> None:
    with pytest.raises(ImpossiblePlanError, match="choose 2 to 3"):
        group_seats([seat(number) for number in range(6)], centres)


def test_distances_are_great_circles() -> None:
    delhi = seat(1, lat=28.6139, lon=77.2090)
    mumbai = seat(2, lat=19.0760, lon=72.8777)
    assert delhi.km_to(mumbai) == pytest.approx(1148, abs=2)
    assert delhi.km_to(mumbai) == pytest.approx(mumbai.km_to(delhi))

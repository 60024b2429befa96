import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from services.planner.adapters.csv_files import UnreadableSeatsError, map_text, read_seats
from services.planner.domain.model import PlannedSeat, Seat
from services.planner.domain.planning import plan
from services.stack.identity import DEFAULT_PARTITIONS

ROOT = Path(__file__).parents[3]
SEATS_FILE = ROOT / "data" / "seats.csv"
MAP_FILE = ROOT / "data" / "maps" / "2024-225.csv"


@pytest.fixture(scope="module")
def seats() -> dict[str, Seat]:
    return {seat.seat_id: seat for seat in read_seats(SEATS_FILE)}


@pytest.fixture(scope="module")
def rows(seats: dict[str, Seat]) -> list[PlannedSeat]:
    return plan(list(seats.values()), centres=225, callers=20_000, partitions=DEFAULT_PARTITIONS)


def members(rows: list[PlannedSeat]) -> dict[str, list[PlannedSeat]]:
    centres: dict[str, list[PlannedSeat]] = {}
    for row in rows:
        centres.setdefault(row.centre_id, []).append(row)
    return centres


def test_the_map_file_is_what_the_planner_makes(rows: list[PlannedSeat]) -> None:
    assert MAP_FILE.read_text("utf-8") == map_text(rows)


def test_the_order_of_the_seats_does_not_matter(
    seats: dict[str, Seat], rows: list[PlannedSeat]
) -> None:
    backwards = list(reversed(seats.values()))
    assert plan(backwards, centres=225, callers=20_000, partitions=DEFAULT_PARTITIONS) == rows


def test_the_map_has_the_columns_that_outsiders_rely_on() -> None:
    header = MAP_FILE.read_text("utf-8").splitlines()[0]
    assert header == "seat_id,centre_id,centre_name,site_seat_id,callers,partition"


def test_every_seat_has_exactly_one_home(seats: dict[str, Seat], rows: list[PlannedSeat]) -> None:
    assert [row.seat_id for row in rows] == sorted(seats)


def test_there_are_132_centres_of_two_seats_and_93_of_three(rows: list[PlannedSeat]) -> None:
    sizes = Counter(len(centre) for centre in members(rows).values())
    assert sizes == {2: 132, 3: 93}


def test_centres_are_numbered_without_a_gap(rows: list[PlannedSeat]) -> None:
    assert sorted(members(rows)) == [f"C{number:03}" for number in range(1, 226)]


def test_seats_in_pairs_are_larger_than_seats_in_threes(
    seats: dict[str, Seat], rows: list[PlannedSeat]
) -> None:
    electors: dict[int, list[int]] = {2: [], 3: []}
    for centre in members(rows).values():
        electors[len(centre)] += [seats[row.seat_id].electors for row in centre]
    average = {size: sum(counts) / len(counts) for size, counts in electors.items()}
    assert average[2] > 1.1 * average[3]


def test_only_states_of_one_seat_make_a_centre_cross_a_border(
    seats: dict[str, Seat], rows: list[PlannedSeat]
) -> None:
    states = Counter(seat.state for seat in seats.values())
    crossing = [
        served
        for centre in members(rows).values()
        if len(served := {seats[row.seat_id].state for row in centre}) > 1
    ]
    assert len(crossing) == 8
    assert all(any(states[state] == 1 for state in served) for served in crossing)


def test_a_centre_stands_in_one_of_its_own_seats_and_has_one_name_and_partition(
    rows: list[PlannedSeat],
) -> None:
    for centre in members(rows).values():
        assert centre[0].site_seat_id in {row.seat_id for row in centre}
        assert len({(row.centre_name, row.site_seat_id, row.partition) for row in centre}) == 1


def test_no_two_centres_share_a_name(rows: list[PlannedSeat]) -> None:
    assert len({row.centre_name for row in rows}) == 225


def test_callers_are_20000_in_proportion_to_electors(
    seats: dict[str, Seat], rows: list[PlannedSeat]
) -> None:
    everyone = sum(seat.electors for seat in seats.values())
    assert sum(row.callers for row in rows) == 20_000
    for row in rows:
        fair = seats[row.seat_id].electors * 20_000 / everyone
        assert abs(row.callers - fair) < 1


def test_partitions_weigh_the_same_within_two_per_cent(
    seats: dict[str, Seat], rows: list[PlannedSeat]
) -> None:
    loads: Counter[int] = Counter()
    for row in rows:
        loads[row.partition] += seats[row.seat_id].electors
    assert sorted(loads) == list(range(DEFAULT_PARTITIONS))
    assert max(loads.values()) < 1.02 * min(loads.values())


def test_seats_of_a_centre_on_the_mainland_are_neighbours(
    seats: dict[str, Seat], rows: list[PlannedSeat]
) -> None:
    far = {row.seat_id for row in rows if seats[row.seat_id].km_to(seats[row.site_seat_id]) > 250}
    assert {seats[seat_id].state for seat_id in far} <= {
        "Andaman and Nicobar Islands",
        "Arunachal Pradesh",
        "Dadra and Nagar Haveli and Daman and Diu",
        "Ladakh",
        "Lakshadweep",
    }


def run_planner(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.planner", *options]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


def test_the_command_writes_the_map_and_says_what_it_holds(tmp_path: Path) -> None:
    out = tmp_path / "maps" / "again.csv"
    done = run_planner("--seats", str(SEATS_FILE), "--out", str(out))
    assert done.returncode == 0
    assert json.loads(done.stdout)["centres"] == 225
    assert out.read_text("utf-8") == MAP_FILE.read_text("utf-8")


def test_the_command_refuses_an_impossible_number_of_centres(tmp_path: Path) -> None:
    out = tmp_path / "map.csv"
    done = run_planner("--seats", str(SEATS_FILE), "--out", str(out), "--centres", "600")
    assert done.returncode == 2
    assert "centres: 600 is impossible; choose" in done.stderr
    assert not out.exists()


def test_a_bad_cell_is_named_with_file_line_and_remedy(tmp_path: Path) -> None:
    bad = tmp_path / "seats.csv"
    bad.write_text("seat_id,seat_name,state_name,electors,lat,lon\nX-1,A,B,many,1,2\n", "utf-8")
    with pytest.raises(UnreadableSeatsError, match=r"seats\.csv line 2: .*many.*README"):
        read_seats(bad)


def test_a_file_that_is_away_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSeatsError, match=r"gone\.csv: cannot be read .*--seats"):
        read_seats(tmp_path / "gone.csv")

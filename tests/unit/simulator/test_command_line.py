import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest

from services.simulator.__main__ import COULD_NOT_RUN, HELD, VIOLATED, _perform, main
from services.simulator.adapters.files import (
    FileFaultError,
    map_file,
    partitions_of,
    territory,
)
from services.simulator.adapters.stack import Stack, StackError, Whereabouts
from services.simulator.domain.staffing import hire, staff
from services.simulator.handlers.crowd import seat
from services.simulator.ports import Screen
from services.simulator.settings import LoadOptions, Sizes
from services.stack.identity import DEFAULT_PARTITIONS

ENDPOINTS = {
    "kafka": "127.0.0.1:1",
    "postgres": "postgresql://127.0.0.1:2/seatline",
    "gateways": ["127.0.0.1:3"],
    "pids": {"supervisor": 1},
    "login_token": "t",
    "key_file": "key",
    "partitions": 8,
    "policy_offset_s": 0,
    "mode": "rehearsal",
}


def stack_of(state: Path, **changed: object) -> Stack:
    (state / "endpoints.json").write_text(json.dumps(ENDPOINTS | changed))
    return Stack(state)


@pytest.mark.parametrize(
    ("tokens", "named"),
    [
        (["demo", "--sessions", "10"], "sessions: 10 cannot be; give 225"),
        (["demo", "--rate", "0", "--aht", "-1"], "rate: 0 cannot be; give 0.1 to 10000\naht: -1"),
        (["demo", "--rate", "nan"], "rate: nan"),
        (["demo", "--seed", "x"], "--seed"),
        (["demo", "--sessions", ""], "--sessions"),
        (["demo", "--streams", "0"], "streams: 0 cannot be; give 1 to 225"),
        (["run", "--streams", "226"], "streams: 226 cannot be; give 1 to 225"),
        (["run", "--burst", "-1"], "burst: -1 cannot be; give 0 to 100"),
        (["run", "--burst", "101"], "burst: 101 cannot be; give 0 to 100"),
        (["run", "--burst", "x"], "--burst"),
        (["demo", "--keep", "2"], "keep: '2' cannot be; give 1"),
        (["demo", "--centres", "7", "--sessions", "7"], "centres: there is no map with 7"),
        (["demo", "--nonsense"], "--nonsense"),
        (["run"], "run `make up`"),
    ],
)
def test_what_cannot_be_is_refused_with_field_and_remedy(
    tokens: list[str],
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(tokens) == COULD_NOT_RUN
    out, err = capsys.readouterr()
    last = json.loads(out.splitlines()[-1])
    assert last["ok"] is False
    assert last["bars_missed"] == []
    assert named in last["error"]
    assert named in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["demo", "run"])
def test_a_live_stack_is_refused(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stack.json").write_text('{"mode": "live"}')
    assert main([command, "--state", str(tmp_path)]) == COULD_NOT_RUN
    assert "is live" in capsys.readouterr().err


def test_a_live_stack_is_known_by_its_endpoints_too(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="is live"):
        stack_of(tmp_path, mode="live").refuse_live()
    stack_of(tmp_path).refuse_live()


def test_a_stack_without_what_a_rehearsal_needs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="runs without postgres, gateways"):
        stack_of(tmp_path, postgres=None, gateways=[]).endpoints()


def test_endpoints_are_remembered_while_they_are_away(tmp_path: Path) -> None:
    stack = stack_of(tmp_path)
    where = Whereabouts(stack)
    stack_of(tmp_path, pids={"supervisor": 2})
    assert where.now().pids == {"supervisor": 2}
    (tmp_path / "endpoints.json").unlink()
    assert where.now().pids == {"supervisor": 2}


def test_sizes_that_nobody_asked_for_are_left_to_the_stack() -> None:
    options = Sizes(brokers=None, partitions=4, routers=2).as_options()
    assert options[:4] == ["--partitions", "4", "--routers", "2"]
    assert "--brokers" not in options


def test_make_and_the_interface_give_a_load_the_defaults_of_the_command() -> None:
    root = Path(__file__).parents[3]
    made = dict(re.findall(r"^([A-Z]+) = (\S+)$", (root / "Makefile").read_text(), re.MULTILINE))
    row = re.search(
        r"\| (`CENTRES`.*) \| (.*) \| `demo`", (root / "docs/interfaces.md").read_text()
    )
    assert row is not None
    names, values = (cell.replace("`", "").split(", ") for cell in row.groups())
    documented = dict(zip(names, values, strict=True))
    given = {name: value for name, value in asdict(LoadOptions()).items() if value is not None}
    del given["burst"]  # has no variable: a demo always has one
    for name, value in given.items():
        assert float(made[name.upper()]) == float(documented[name.upper()]) == value, name


def test_the_map_of_the_repository_seats_everybody() -> None:
    land = territory(map_file(225))
    assert (len(land.seats), len(land.centres)) == (543, 225)
    for sessions in (225, 2_000, 20_000):
        staffed = staff(land.centres, sessions)
        assert sum(staffed.values()) == sessions
        assert min(staffed.values()) >= 1


def test_every_language_of_a_centre_is_spoken_there() -> None:
    land = territory(map_file(225))
    staffed = staff(land.centres, 225)
    teams = hire("run", land.centres, staffed, lambda _: pytest.fail("no call"), lambda: 0.99)
    for centre, team in zip(land.centres, teams, strict=True):
        assert {language for caller in team for language in caller.languages} == set(
            centre.languages
        )
    ids = [caller.session_id for team in teams for caller in team]
    assert len(set(ids)) == 225


@pytest.mark.parametrize("desks", [1, 16, 225])
def test_a_centre_sits_together_and_centres_spread_over_all_streams(desks: int) -> None:
    land = territory(map_file(225))
    staffed = staff(land.centres, 450)
    teams = hire("run", land.centres, staffed, lambda _: pytest.fail("no call"), lambda: 0.0)
    desks_of: dict[str, set[int]] = {}
    for place in seat(teams, desks):
        desks_of.setdefault(place.caller.team.centre_id, set()).add(place.desk)
    assert len(desks_of) == 225
    assert all(len(together) == 1 for together in desks_of.values())
    assert set.union(*desks_of.values()) == set(range(desks))


def test_each_centre_has_a_stream_of_its_own_unless_fewer_are_wanted() -> None:
    assert LoadOptions(centres=225).desks == 225
    assert LoadOptions(centres=225, streams=16).desks == 16


def test_a_map_tells_how_many_partitions_it_is_for() -> None:
    assert partitions_of(map_file(225)) == DEFAULT_PARTITIONS


def test_a_partition_that_is_no_number_is_refused_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    path.write_text("seat_id,partition\nS01-001,0\nS01-002,two\n")
    with pytest.raises(FileFaultError, match="line 3: partition is 'two'"):
        partitions_of(path)


def test_a_map_that_names_an_unknown_seat_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    path.write_text("seat_id,centre_id,callers\nS99-99,C001,5\n")
    with pytest.raises(FileFaultError, match="S99-99 is not in"):
        territory(path)


@pytest.mark.parametrize("text", ["", "seat_id,callers\nS24-35,5\n"])
def test_a_map_without_its_columns_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    path.write_text(text)
    with pytest.raises(FileFaultError, match="centre_id"):
        territory(path)


@pytest.mark.parametrize(("ok", "code"), [(True, HELD), (False, VIOLATED)])
def test_the_verdict_is_the_exit_code_and_the_last_line(
    *, ok: bool, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    async def rehearse(screen: Screen) -> dict[str, bool]:
        screen.say("auditing")
        return {"ok": ok}

    assert _perform(rehearse) == code
    out, err = capsys.readouterr()
    assert (json.loads(out), err) == ({"ok": ok}, "auditing\n")


def test_a_bug_is_no_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # A key file of the wrong length: nobody expects it, so it is told with its traceback.
    (tmp_path / "key").write_bytes(b"short")
    stack_of(tmp_path, key_file=str(tmp_path / "key"))
    assert main(["run", "--state", str(tmp_path)]) == COULD_NOT_RUN
    out, err = capsys.readouterr()
    assert "5 bytes, not 32" in json.loads(out.splitlines()[-1])["error"]
    assert "Traceback" in err

import json
from pathlib import Path
from typing import Any

import pytest

from bench.peers.postgres_queue.__main__ import main, parse
from services.runtime.command_line import COULD_NOT_RUN


def last_object(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def test_the_load_is_full_size_and_commits_wait_for_the_disk_unless_asked_otherwise() -> None:
    given = parse([])
    load = given.options.load
    assert (load.sessions, load.centres, load.rate, load.aht) == (20_000, 225, 300.0, 5.0)
    assert load.burst == 0
    assert given.synchronous_commit
    assert not parse(["--synchronous-commit", "off"]).synchronous_commit


@pytest.mark.parametrize(
    ("option", "value"),
    [("--sessions", "200"), ("--rate", "0"), ("--shards", "17"), ("--burst", "-1")],
)
def test_an_option_that_cannot_be_is_named(
    capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    assert main([option, value]) == COULD_NOT_RUN
    found = last_object(capsys)
    assert not found["ok"]
    assert found["error"].startswith(option.removeprefix("--"))


def test_a_stack_that_is_down_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--state", str(tmp_path)]) == COULD_NOT_RUN
    assert "no stack is up" in last_object(capsys)["error"]


def test_a_live_stack_is_left_alone(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "endpoints.json").write_text(json.dumps({"mode": "live"}))
    assert main(["--state", str(tmp_path)]) == COULD_NOT_RUN
    assert "live" in last_object(capsys)["error"]

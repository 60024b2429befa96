import json
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli.__main__ import main
from services.cli.adapters.journal_file import read_journal
from services.cli.errors import NotDoneError


def run(capsys: pytest.CaptureFixture[str], *tokens: str) -> tuple[int, str, str]:
    code = main(tokens)
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize(
    "tokens",
    [
        ("bogus",),
        ("audit", "--bogus"),
        ("explain",),
        ("explain", "a", "--session", "b"),
        ("map", "publish"),
        ("map", "publish", "none.csv"),
        ("stop",),
        ("stop", "--all", "--seat", "S24-35"),
        ("stop", "--campaign", " "),
        ("stop", "--list", "--all"),
        ("resume",),
        ("release",),
        ("end-session",),
        ("journal", "--since", "yesterday"),
        ("journal", "--limit", "0"),
    ],
)
def test_wrong_usage_is_not_done_and_says_so_in_one_line(
    capsys: pytest.CaptureFixture[str], tokens: tuple[str, ...]
) -> None:
    code, out, err = run(capsys, *tokens)
    assert code == 2
    assert out == ""
    assert err.startswith("seatline: ")
    assert "Traceback" not in err
    assert "make up" not in err, "it was the stack that was missing"


@pytest.mark.parametrize(
    "tokens",
    [
        ("audit",),
        ("explain", "a"),
        ("map", "show"),
        ("stop", "--all"),
        ("stop", "--list"),
        ("resume", "--seat", "S24-35"),
        ("release", "a"),
        ("end-session", "a"),
        ("journal",),
    ],
)
def test_a_stack_that_is_away_is_named_with_the_remedy(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, tokens: tuple[str, ...]
) -> None:
    code, out, err = run(capsys, *tokens, "--state", str(tmp_path), "--json")
    assert code == 2
    assert "make up" in err
    assert json.loads(out)["ok"] is False


def test_a_stack_that_died_is_away_too(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    endpoints = {"kafka": "127.0.0.1:1", "postgres": "postgresql://nobody@127.0.0.1:1/none"}
    (tmp_path / "endpoints.json").write_text(json.dumps(endpoints))
    for tokens in (("audit",), ("map", "show"), ("stop", "--all"), ("journal",)):
        code, _, err = run(capsys, *tokens, "--state", str(tmp_path))
        assert code == 2
        assert "make up" in err


def test_endpoints_that_cannot_be_read_are_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for text in ("{", "[]"):
        (tmp_path / "endpoints.json").write_text(text)
        code, _, err = run(capsys, "audit", "--state", str(tmp_path))
        assert code == 2
        assert "endpoints.json" in err


def test_help_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert "audit" in out


def test_a_journal_line_that_cannot_be_read_is_named_and_a_torn_last_one_is_not(
    tmp_path: Path,
) -> None:
    journal = tmp_path / "journal.jsonl"
    journal.write_text('{"kind": "offer"}\n{"kind": "num')
    read_journal(journal)
    journal.write_text('{"kind": "offer"}\n{"kind": "number"}\n')
    with pytest.raises(NotDoneError, match="row 2"):
        read_journal(journal)
    with pytest.raises(NotDoneError, match="row 1"):
        read_journal(tmp_path / "none")


def test_a_command_imports_nothing_that_it_does_not_use() -> None:
    code = "import services.cli.commands, sys; print(sorted(sys.modules))"
    loaded = subprocess.run(
        (sys.executable, "-c", code), check=True, capture_output=True, text=True, timeout=60
    ).stdout
    for slow in ("asyncpg", "confluent_kafka", "google.protobuf", "rich.console"):
        assert f"'{slow}'" not in loaded

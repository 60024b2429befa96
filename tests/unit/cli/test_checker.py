import json
import os
from pathlib import Path

import pytest

from services.cli.adapters.checker import check
from services.cli.errors import NotDoneError

WITHIN_S = 60.0
TOLD = """
import sys
{}
"""


def repository(folder: Path, program: str) -> Path:
    """Make a repository whose checker is this program."""
    checker = folder / "tests" / "checker"
    checker.mkdir(parents=True)
    # A package proper: it comes before one of the same name further down the path.
    (checker / "__init__.py").touch()
    (checker / "__main__.py").write_text(TOLD.format(program))
    return folder


def test_what_the_checker_found_is_returned_as_it_said_it(tmp_path: Path) -> None:
    report = {"ok": False, "found": {"two_desks": 1}}
    root = repository(tmp_path, f"print({json.dumps(json.dumps(report))}); sys.exit(1)")
    assert check(tmp_path, None, WITHIN_S, root) == report


def test_state_and_journal_are_handed_on(tmp_path: Path) -> None:
    root = repository(tmp_path, "import json; print(json.dumps({'told': sys.argv[1:]}))")
    told = check(tmp_path / "state", tmp_path / "journal", WITHIN_S, root)["told"]
    wanted = ["--json", "--state", str(tmp_path / "state"), "--journal", str(tmp_path / "journal")]
    assert told == wanted


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ('print(\'{"ok": false, "error": "no stack is up"}\'); sys.exit(2)', "no stack is up"),
        ("sys.exit(3)", "ended with 3"),
    ],
)
def test_a_checker_that_could_not_run_says_why(tmp_path: Path, program: str, why: str) -> None:
    with pytest.raises(NotDoneError, match=why):
        check(tmp_path, None, WITHIN_S, repository(tmp_path, program))


def test_a_checker_that_takes_longer_than_it_may_is_ended(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fifo = tmp_path / "waited-for"
    os.mkfifo(fifo)
    pid = tmp_path / "pid"
    program = (
        f"import os; open({str(pid)!r}, 'w').write(str(os.getpid()));"
        f" print('reading', file=sys.stderr, flush=True); open({str(fifo)!r})"
    )
    with pytest.raises(NotDoneError, match=r"not done after 3 s.*--deep-seconds"):
        check(tmp_path, None, 3.0, repository(tmp_path, program))
    assert capfd.readouterr().err == "reading\n"
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_without_the_whole_repository_there_is_no_deep_audit(tmp_path: Path) -> None:
    with pytest.raises(NotDoneError, match="whole repository"):
        check(tmp_path, None, WITHIN_S, tmp_path)

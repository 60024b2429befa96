import io
import json
import os
from pathlib import Path

import pytest
from rich.console import Console

from services.cli.adapters.audit_report import as_text
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


def test_what_could_not_be_judged_is_told_to_people_as_well() -> None:
    counts = ("contacts", "finished", "refused", "held", "returned", "open", "lost")
    report = {**dict.fromkeys((*counts, "doubled", "misrecorded"), 0), "strays": [], "doubles": []}
    live = {"partitions": 0, "contacts": 0, "sessions": 0, "not_judged": ["facts/3: nobody told"]}
    deep = {"ok": True, "found": {}, "findings": [], "rules": 58, "live": live}
    console = Console(file=io.StringIO(), width=100)
    console.print(as_text({**report, "places": {}, "deep": deep}))
    assert isinstance(console.file, io.StringIO)
    assert "not judged: facts/3: nobody told\n58 rules checked, 0 findings: clean" in (
        console.file.getvalue()
    )


def test_without_the_whole_repository_there_is_no_deep_audit(tmp_path: Path) -> None:
    with pytest.raises(NotDoneError, match="whole repository"):
        check(tmp_path, None, WITHIN_S, tmp_path)

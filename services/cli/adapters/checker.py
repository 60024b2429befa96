"""The independent checker, run as a process of its own: nothing of it is imported here.

It stands in `tests/checker` of the repository, which is the unit that is shipped.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from services.cli.errors import NotDoneError

REPOSITORY = Path(__file__).parents[3]
_NOT_DONE = 2


def check(
    state: Path, journal: Path | None, within_s: float, root: Path = REPOSITORY
) -> dict[str, Any]:
    """Return what the checker found in the stack of a folder; its progress goes to standard error.

    Raises:
        NotDoneError: It is not there, could not run, or was ended as it took longer than given.
    """
    if not (root / "tests" / "checker").is_dir():
        raise NotDoneError(f"--deep: {root} has no tests/checker; run it from the whole repository")
    words = [sys.executable, "-m", "tests.checker", "--json", "--state", str(state.resolve())]
    if journal is not None:
        words += ["--journal", str(journal.resolve())]
    try:
        done = subprocess.run(
            words, cwd=root, stdout=subprocess.PIPE, text=True, timeout=within_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise NotDoneError(
            f"--deep: the checker was not done after {within_s:g} s and was ended; "
            "give it more with --deep-seconds"
        ) from None
    if not done.stdout:
        raise NotDoneError(f"--deep: the checker ended with {done.returncode} and said nothing")
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if done.returncode == _NOT_DONE:
        raise NotDoneError(f"--deep: {report['error']}")
    return report

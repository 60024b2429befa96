"""Keep a rehearsal's history: `python -m tests.histories NAME --state FOLDER [--journal FILE]`.

The stack must be up and quiet. Its logs go to `tests/histories/NAME.history.xz`, and the state that
they fold into beside it; a history is kept only if the checker finds nothing in it.
"""

import argparse
import json
import sys
from pathlib import Path

from tests.checker.check import check
from tests.checker.history import CannotCheckError
from tests.checker.stack import StackHistory, read_endpoints
from tests.histories.kept import FOLDER, SUFFIX, load, save
from tests.histories.state import digest_of

SIZE_MAX = 300_000
"""Bytes; a longer history tells no more, and everybody who takes the repository takes it."""
KEPT, REFUSED, NOT_DONE = 0, 1, 2


def require_rehearsal(state: Path) -> None:
    """Refuse a stack that may hold real contacts.

    Raises:
        CannotCheckError: It is not a rehearsal.
    """
    if json.loads((state / "endpoints.json").read_text())["mode"] != "rehearsal":
        raise CannotCheckError(f"{state}: only a rehearsal is kept: a live one has real contacts")


def main() -> int:
    """Keep a history; return 0, or 1 when it is no good, or 2 when there is none to keep."""
    parser = argparse.ArgumentParser(prog="python -m tests.histories", description=__doc__)
    parser.add_argument("name", help="name of the history")
    parser.add_argument("--state", type=Path, required=True, help="state folder of a rehearsal")
    parser.add_argument("--journal", type=Path, help="what its callers wrote down")
    given = parser.parse_args()
    path = FOLDER / f"{given.name}{SUFFIX}"
    try:
        require_rehearsal(given.state)
        size = save(StackHistory(read_endpoints(given.state), None, given.journal), path)
    except (OSError, CannotCheckError) as error:
        sys.stderr.write(f"histories: {error}\n")
        return NOT_DONE
    history = load(path)
    report = check(history)
    if not report.ok or size > SIZE_MAX:
        path.unlink()
        found = dict(report.findings.counts)
        sys.stderr.write(f"histories: not kept: {size} bytes of {SIZE_MAX}, found: {found}\n")
        return REFUSED
    state = {"entries": report.entries, "state": digest_of(history)}
    path.with_name(f"{given.name}.json").write_text(json.dumps(state, indent=2) + "\n")
    sys.stderr.write(f"histories: {path.name}: {size} bytes, {report.entries}\n")
    return KEPT


if __name__ == "__main__":
    sys.exit(main())

"""Check a stack: `python -m tests.checker --state FOLDER [--journal FILE] [--json]`."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.checker.check import check
from tests.checker.history import CannotCheckError
from tests.checker.postgres import PostgresRows
from tests.checker.report import as_json, as_text
from tests.checker.stack import StackHistory, read_endpoints

CLEAN, FOUND, NOT_DONE = 0, 1, 2
PATIENCE_S = 2.0
"""Work that takes longer shows that it goes on."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Check, print, and return 0 (clean), 1 (findings) or 2 (it could not run)."""
    given = _parser().parse_args(arguments)
    try:
        endpoints = read_endpoints(given.state)
        with PostgresRows(endpoints.postgres) as rows:
            history = StackHistory(endpoints, rows, given.journal)
            report = check(history, _teller())
    except CannotCheckError as error:
        sys.stderr.write(f"checker: {error}\n")
        if given.json:
            sys.stdout.write(json.dumps({"ok": False, "error": str(error)}) + "\n")
        return NOT_DONE
    told = json.dumps(as_json(report)) if given.json else as_text(report)
    sys.stdout.write(told + "\n")
    return CLEAN if report.ok else FOUND


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.checker", description=__doc__)
    parser.add_argument("--state", type=Path, default=Path(".seatline"), help="state folder")
    parser.add_argument("--journal", type=Path, help="what simulated callers wrote down")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _teller() -> Callable[[str], None]:
    began_at = time.monotonic()

    def say(what: str) -> None:
        if time.monotonic() - began_at > PATIENCE_S:
            sys.stderr.write(f"checker: {what}\n")

    return say


if __name__ == "__main__":
    sys.exit(main())

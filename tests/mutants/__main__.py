"""`python -m tests.mutants`: does a suite notice when the product breaks a rule?"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.runtime.command_line import (
    COULD_NOT_RUN,
    HELD,
    VIOLATED,
    answer,
    heed_interrupts,
    say,
)
from tests.mutants.copies import NoTreeError
from tests.mutants.hunt import Found, Hunt
from tests.mutants.patches import Mutant, UnusablePatchError, read_all
from tests.mutants.suites import SuiteNotRunError

ROOT = Path(__file__).parents[2]
PATCHES = Path("tests") / "mutants"
SECONDS_BAR = 900.0


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Judge the mutants that were asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="mutants", allow_abbrev=False)
    parser.add_argument("--only", default="", help="names, separated by commas; empty is all")
    parser.add_argument("--fast", choices=("0", "1"), default="0")
    asked = parser.parse_args(arguments)
    began_s = time.monotonic()
    try:
        mutants = _chosen(read_all(root / PATCHES), asked.only)
        with tempfile.TemporaryDirectory(prefix="seatline-mutants-") as folder:
            hunt = Hunt(root, Path(folder), _say, fast=asked.fast == "1")
            hunt.prepare(mutants)
            found = _judge_all(hunt, mutants)
    except (NoTreeError, UnusablePatchError, SuiteNotRunError) as error:
        _say(str(error))
        return COULD_NOT_RUN
    except KeyboardInterrupt:
        _say("interrupted; nothing is left behind")
        return COULD_NOT_RUN
    summary = _summary(found, time.monotonic() - began_s)
    answer(summary)
    if summary["errors"]:
        return COULD_NOT_RUN
    return HELD if summary["ok"] else VIOLATED


def _chosen(mutants: list[Mutant], only: str) -> list[Mutant]:
    if not only:
        return mutants
    wanted = only.split(",")
    known = [mutant.name for mutant in mutants]
    if unknown := sorted(set(wanted) - set(known)):
        raise UnusablePatchError(
            f"ONLY names {', '.join(map(repr, unknown))}: choose from {', '.join(known)}"
        )
    return [mutant for mutant in mutants if mutant.name in wanted]


def _judge_all(hunt: Hunt, mutants: Sequence[Mutant]) -> dict[str, Found]:
    found: dict[str, Found] = {}
    for number, mutant in enumerate(mutants, 1):
        one = found[mutant.name] = hunt.judge(mutant)
        _say(f"{number} of {len(mutants)}  {mutant.name}: {_told(one)}")
    return found


def _told(found: Found) -> str:
    if found.error:
        return f"not judged: {found.error}"
    if not found.caught_by:
        return "SURVIVED: write the test that notices it"
    return "; ".join(f"{kind}: {test or 'nothing'}" for kind, test in found.suites.items())


def _summary(found: dict[str, Found], seconds: float) -> dict[str, Any]:
    """Return the keys of `docs/interfaces.md`."""
    judged = {name: one for name, one in found.items() if not one.error}
    caught_by = {name: one.caught_by for name, one in judged.items() if one.caught_by}
    missed = [f"seconds {seconds:.0f} > {SECONDS_BAR:.0f}"] if seconds > SECONDS_BAR else []
    return {
        "ok": len(caught_by) == len(found),
        "bars_missed": missed,
        "mutants": {name: "caught" if name in caught_by else "survived" for name in judged},
        "caught_by": caught_by,
        "suites": {name: one.suites for name, one in judged.items()},
        "errors": {name: one.error for name, one in found.items() if one.error},
        "seconds": round(seconds, 1),
    }


def _say(what: str) -> None:
    say(f"mutants: {what}")


if __name__ == "__main__":
    # What it started and copied goes, whoever ends it.
    heed_interrupts()
    sys.exit(main(sys.argv[1:]))

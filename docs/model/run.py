"""Search the model of the protocol; the last line on standard output is one JSON object."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cyclopts import App

from docs.model.searches import HOLD, PLANTED, PROPERTIES, Search
from docs.model.spin import Found, SearchError, never_told, search
from services.runtime.command_line import (
    HELD,
    VIOLATED,
    RefusedError,
    answer,
    ask,
    could_not_run,
    heed_interrupts,
    say,
)

app = App(name="python -m docs.model.run", help="Search the model of the protocol.")


@app.default
def model(*, only: str = "") -> int:
    """Search every world, then see that each planted error is caught.

    Args:
        only: Names of searches and planted errors, separated by commas; left out: all.
    """
    chosen = _choose(only)
    missing = [name for name in ("spin", "gcc") if shutil.which(name) is None]
    if missing:
        return _failed(
            f"not installed: {', '.join(missing)} (needed only by `make model` and its test). "
            "Run `make setup`, or on Debian or Ubuntu: sudo apt-get install -y spin gcc libc6-dev"
        )
    results: dict[str, Found] = {}
    try:
        for each, found in _searched(chosen):
            results[each.name] = found
    except SearchError as error:
        return _failed(str(error), chosen, results)
    except KeyboardInterrupt:
        return _failed("interrupted", chosen, results)
    summary = _answer(chosen, results)
    for line in summary["never_told"]:
        say(f"NEVER REACHED, in any search: {line}")
    answer(summary)
    return HELD if summary["ok"] else VIOLATED


def _choose(only: str) -> Sequence[Search]:
    everything = {each.name: each for each in (*HOLD, *PLANTED)}
    names = [name.strip() for name in only.split(",")] if only else list(everything)
    unknown = [name for name in names if name not in everything]
    if unknown:
        raise RefusedError(f"only: there is no {unknown[0]!r}; known: {', '.join(everything)}")
    return [everything[name] for name in names]


def _searched(chosen: Sequence[Search]) -> Iterator[tuple[Search, Found]]:
    for each in chosen:
        say(f"{each.name}: {each.about}")
        with tempfile.TemporaryDirectory(prefix="seatline-model-") as folder:
            found = search(each.switches, Path(folder), large=each.is_large)
        as_it_must = found.broken == each.breaks
        say(
            f"  {found.states:,} states, depth {found.depth}, {found.seconds:.1f} s: "
            f"{_verdict(each, found)}"
        )
        if not as_it_must:
            _tell(found)
        yield each, found


def _verdict(each: Search, found: Found) -> str:
    if each.breaks and found.broken == each.breaks:
        return f"caught ({found.broken}, {len(found.story)} steps)"
    if each.breaks:
        return f"NOT CAUGHT: it should break {each.breaks}, it broke {found.broken or 'nothing'}"
    return f"VIOLATED: {PROPERTIES.get(found.broken, found.broken)}" if found.broken else "holds"


def _tell(found: Found) -> None:
    for number, line in enumerate(found.story, start=1):
        say(f"  {number:3} {line}")


def _answer(chosen: Sequence[Search], results: dict[str, Found]) -> dict[str, Any]:
    caught = {
        each.name: results[each.name].broken == each.breaks
        for each in chosen
        if each.breaks and each.name in results
    }
    worlds = [each.name for each in chosen if not each.breaks and each.name in results]
    violated = {name: results[name].broken for name in worlds if results[name].broken}
    whole = len(results) == len(chosen)
    never_told = _never_told(results)
    return {
        "ok": whole and not violated and all(caught.values()) and not never_told,
        "bars_missed": [],
        "states": sum(results[name].states for name in worlds),
        "planted_error_caught": bool(caught) and all(caught.values()),
        "planted_errors": caught,
        "violated": violated,
        "never_told": never_told,
        "searches": {
            name: {"states": each.states, "depth": each.depth, "seconds": round(each.seconds, 1)}
            for name, each in results.items()
        },
    }


def _never_told(results: Mapping[str, Found]) -> list[str]:
    # Fewer than all worlds say nothing of what is never reached.
    if not all(each.name in results for each in HOLD):
        return []
    return never_told(results[each.name] for each in HOLD)


def _failed(
    reason: str, chosen: Sequence[Search] = (), results: dict[str, Found] | None = None
) -> int:
    return could_not_run(reason, _answer(chosen, results or {}))


def main(tokens: Sequence[str] | None = None) -> int:
    """Parse the command line; return 0 (held), 1 (violated) or 2 (could not run)."""
    return ask(app, tokens, _failed)


if __name__ == "__main__":
    heed_interrupts()
    sys.exit(main())

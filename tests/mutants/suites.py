"""Run a suite in a copy of the tree; a suite that did not run is not one that failed."""

import json
import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

SUITE_WITHIN_S = 300.0
_NONE_FAILED, _SOME_FAILED = 0, 1
_TAIL_LINES = 15


class SuiteNotRunError(Exception):
    """A suite said nothing about the tree; the message says what came in between."""


def catches(kind: str, what: Sequence[str], tree: Path) -> str | None:
    """Run a suite; return the test or the seed that failed first, or None when all passed.

    Args:
        kind: One of `patches.SUITES`.
        what: Test files, or for the simulation how many seeds.
        tree: The copy.

    Raises:
        SuiteNotRunError: It could not be imported, collected, set up or finished.
    """
    return _simulation(what[0], tree) if kind == "simulation" else _pytest(what, tree)


def _simulation(seeds: str, tree: Path) -> str | None:
    code, said = _run(["tests.mutants.seeds", seeds], tree)
    try:
        broken = json.loads(said.splitlines()[-1])["broken"]
    except (IndexError, ValueError, KeyError, TypeError):
        raise SuiteNotRunError(f"the simulation ended with {code}:\n{_tail(said)}") from None
    return None if broken is None else str(broken)


def _pytest(files: Sequence[str], tree: Path) -> str | None:
    report = tree / "report.xml"
    report.unlink(missing_ok=True)
    # Without shrinking, and with the same examples each time.
    options = ["-q", "-x", "-p", "no:cacheprovider", "-p", "tests.mutants.brisk"]
    code, said = _run(["pytest", *options, f"--junitxml={report}", *files], tree)
    if code not in (_NONE_FAILED, _SOME_FAILED) or not report.exists():
        raise SuiteNotRunError(f"pytest ended with {code}:\n{_tail(said)}")
    cases = list(ET.parse(report).iter("testcase"))  # noqa: S314 (written by our own pytest)
    failed = [case for case in cases if case.find("failure") is not None]
    if failed:
        module = failed[0].get("classname", "").rpartition(".")[2]
        return f"{module}::{failed[0].get('name')}"
    if code == _SOME_FAILED:  # in a fixture: the test itself was never asked
        raise SuiteNotRunError(f"a fixture failed:\n{_tail(said)}")
    if all(case.find("skipped") is not None for case in cases):
        raise SuiteNotRunError(f"every test was skipped:\n{_tail(said)}")
    return None


def _run(module: Sequence[str], tree: Path) -> tuple[int, str]:
    """Run a Python module in the copy; nothing of it outlives this call."""
    running = subprocess.Popen(
        [sys.executable, "-m", *module],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": f"{tree}:{tree / 'proto' / 'gen'}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = running.communicate(timeout=SUITE_WITHIN_S)
    except subprocess.TimeoutExpired:
        raise SuiteNotRunError(f"not over after {SUITE_WITHIN_S:g} s: {' '.join(module)}") from None
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
    return running.returncode, said


def _tail(said: str) -> str:
    return "\n".join(f"    {line}" for line in said.splitlines()[-_TAIL_LINES:])

"""Read the mutants: patch files with a header that says what they break and who must notice."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

SUITES = ("unit", "property", "contract", "simulation")
"""From cheap to dear."""
APPLIES_WITHIN_S = 30.0
_TARGET = re.compile(r"^\+\+\+ b/(\S+)", re.MULTILINE)
_HUNK = re.compile(r"^@@ ", re.MULTILINE)


class UnusablePatchError(Exception):
    """A patch file that cannot be used; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One rule broken, and the suites that are asked whether they see it."""

    path: Path
    breaks: str
    """The rule, and what happens without it."""
    suites: dict[str, tuple[str, ...]]
    """By kind, from cheap to dear: test files, or for the simulation how many seeds."""
    targets: tuple[str, ...]
    """Files that it changes."""
    hunks: int

    @property
    def name(self) -> str:
        """Name of the file, without its ending."""
        return self.path.stem


def read(path: Path) -> Mutant:
    """Read a patch file.

    The header are the lines before the diff: `Breaks:` and one line for each kind of suite, such as
    `Unit: tests/unit/runtime/test_reader.py` or `Simulation: 20`.

    Raises:
        UnusablePatchError: The header does not say what is broken, or names no suite.
    """
    text = path.read_text()
    head, _, diff = text.partition("\n--- ")
    fields = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
    breaks = fields.get("Breaks", "")
    suites = {
        kind: tuple(fields[kind.capitalize()].split())
        for kind in SUITES
        if kind.capitalize() in fields
    }
    if not diff or not breaks or not suites:
        raise UnusablePatchError(
            f"{path.name}: begin it with `Breaks: ...` and a line for a kind of suite "
            f"({', '.join(kind.capitalize() for kind in SUITES)}), then the diff"
        )
    return Mutant(path, breaks, suites, tuple(_TARGET.findall(text)), len(_HUNK.findall(text)))


def read_all(folder: Path) -> list[Mutant]:
    """Read every patch file of a folder, by name.

    Raises:
        UnusablePatchError: One of them cannot be read, or there is none.
    """
    mutants = [read(path) for path in sorted(folder.glob("*.patch"))]
    if not mutants:
        raise UnusablePatchError(f"{folder}: no *.patch file is there")
    return mutants


def apply(mutant: Mutant, tree: Path, *, only_check: bool = False) -> None:
    """Change a tree by a mutant, or only see whether that is possible.

    Raises:
        UnusablePatchError: The tree has changed under the patch.
    """
    ran = subprocess.run(
        ["git", "apply", *(["--check"] if only_check else []), str(mutant.path.resolve())],
        cwd=tree,
        env=_outside_any_repository(tree),
        capture_output=True,
        text=True,
        timeout=APPLIES_WITHIN_S,
        check=False,
    )
    if ran.returncode:
        raise UnusablePatchError(
            f"{mutant.path.name} no longer applies ({ran.stderr.strip()}): make the same change to "
            f"{', '.join(mutant.targets)} as it is now and put its diff below the header"
        )


def _outside_any_repository(tree: Path) -> dict[str, str]:
    """Return an environment in which git finds no repository around a tree.

    Inside of one it would leave out, without a word, what a patch changes elsewhere.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {"GIT_CEILING_DIRECTORIES": str(tree.resolve().parent)}

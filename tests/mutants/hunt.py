"""Hunt mutants: each in a copy of the tree of its own, with suites from cheap to dear."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree

from tests.mutants.copies import copy_again, copy_tree, forget_bytecode
from tests.mutants.patches import SUITES, Mutant, UnusablePatchError, apply
from tests.mutants.suites import SuiteNotRunError, catches

Say = Callable[[str], None]


@dataclass(slots=True)
class Found:
    """What became of one mutant."""

    suites: dict[str, str | None] = field(default_factory=dict)
    """By kind: the test or seed that caught it; None when all passed."""
    error: str = ""
    """Why it was not judged; empty when it was."""

    @property
    def caught_by(self) -> str | None:
        """The cheapest kind of suite that caught it."""
        return next((kind for kind, test in self.suites.items() if test), None)


class Hunt:
    """Judges mutants of one tree, in a folder that holds nothing else."""

    def __init__(self, root: Path, folder: Path, say: Say, *, fast: bool) -> None:
        """Prepare; `fast` asks no further suite once one has caught the mutant."""
        self._root = root
        self._folder = folder
        self._say = say
        self._fast = fast
        self._clean = folder / "clean"

    def prepare(self, mutants: Sequence[Mutant]) -> None:
        """Copy the tree, see that every patch applies, and that the suites pass without one.

        Raises:
            NoTreeError: The tree cannot be copied.
            UnusablePatchError: Patches do not apply: all of them are named.
            SuiteNotRunError: A suite fails, or cannot run, without any mutant.
        """
        copy_tree(self._root, self._clean)
        stale = []
        for mutant in mutants:
            try:
                apply(mutant, self._clean, only_check=True)
            except UnusablePatchError as error:
                stale.append(str(error))
        if stale:
            raise UnusablePatchError("\n".join(stale))
        for kind, what in _all_suites(mutants).items():
            self._say(f"without a mutant: {kind}")
            failed = catches(kind, what, self._clean)
            if failed:
                raise SuiteNotRunError(f"fails without any mutant, so it proves nothing: {failed}")

    def judge(self, mutant: Mutant) -> Found:
        """Tell which suites catch a mutant."""
        found = Found()
        tree = copy_again(self._clean, self._folder / mutant.name)
        try:
            apply(mutant, tree)
            for target in mutant.targets:
                forget_bytecode(tree, target)
            for kind, what in mutant.suites.items():
                found.suites[kind] = catches(kind, what, tree)
                if self._fast and found.suites[kind]:
                    break
        except SuiteNotRunError as error:
            found.error = str(error)
        finally:
            rmtree(tree)
        return found


def _all_suites(mutants: Sequence[Mutant]) -> dict[str, tuple[str, ...]]:
    """Return what all mutants ask for, once."""
    wanted: dict[str, tuple[str, ...]] = {}
    for kind in SUITES:
        what = {each for mutant in mutants for each in mutant.suites.get(kind, ())}
        if what:
            wanted[kind] = (
                (str(max(map(int, what))),) if kind == "simulation" else tuple(sorted(what))
            )
    return wanted

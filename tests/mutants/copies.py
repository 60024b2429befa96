"""Copies of the tree to be changed and run: what git knows of, and nothing else."""

import shutil
import subprocess
from pathlib import Path

BESIDE = (".venv", ".cache")
"""Not part of the tree, but needed to run: linked."""


class NoTreeError(Exception):
    """The tree cannot be copied."""


def copy_tree(root: Path, to: Path) -> Path:
    """Copy the files of a tree that git tracks or would track, as they are now; return the copy.

    Raises:
        NoTreeError: Git does not know the tree.
    """
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        raise NoTreeError(f"{root}: run this in a clone: {listed.stderr.strip()}")
    to.mkdir()
    for name in filter(None, listed.stdout.split("\0")):
        if (root / name).is_file():  # not those that are deleted and not yet committed
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, to / name)
    for name in BESIDE:
        if (root / name).exists():
            (to / name).symlink_to((root / name).resolve())
    return to


def copy_again(clean: Path, to: Path) -> Path:
    """Copy a copy with the bytecode that has gathered in it: compiling anew takes seconds."""
    shutil.copytree(clean, to, symlinks=True)
    return to


def forget_bytecode(tree: Path, target: str) -> None:
    """Drop the bytecode of a changed file: a change within the second it might not notice."""
    path = tree / target
    for stale in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
        stale.unlink()

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULE_LINES_MAX = 320
PROTO_LINES_MAX = 350
EMPTY_NAMES = {"base", "common", "helpers", "manager", "misc", "utils"}
PLACEHOLDERS = {".gitkeep", ".keep", ".placeholder"}
# Spelt in parts, so that this file does not find itself.
MACHINE = re.compile(
    "|".join(["/" + r"work/", "/" + r"root\b", "/home" + r"/\w", "/opt" + "/wheels"])
)
INDEX = re.compile(
    "|".join(["pypi" + r"\.org", "python" + r"hosted\.org", r"--(?:extra-)?index" + "-url[ =]h"])
)


def project_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = (ROOT / name for name in listed.split("\0") if name)
    return sorted(path for path in paths if path.is_file())


def text_files() -> list[tuple[Path, str]]:
    found = []
    for path in project_files():
        try:
            found.append((path.relative_to(ROOT), path.read_text("utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def test_no_module_is_too_long_to_read_in_one_sitting() -> None:
    folders = (ROOT / name for name in ("services", "bench", "tests"))
    modules = [path for folder in folders for path in folder.rglob("*.py")]
    too_long = {
        str(path.relative_to(ROOT)): n for path in modules if (n := lines(path)) > MODULE_LINES_MAX
    }
    assert not too_long


def test_no_proto_file_is_too_long() -> None:
    protos = (ROOT / "proto" / "seatline").rglob("*.proto")
    assert not [path.name for path in protos if lines(path) > PROTO_LINES_MAX]


def test_no_module_or_folder_has_a_name_that_says_nothing() -> None:
    parts = {part for path in project_files() for part in path.relative_to(ROOT).parts}
    assert not EMPTY_NAMES & {Path(part).stem for part in parts}


def test_no_folder_is_held_open_by_a_placeholder() -> None:
    assert not [str(path) for path in project_files() if path.name in PLACEHOLDERS]


def test_every_package_has_its_init_file() -> None:
    packages = (ROOT / "services", ROOT / "bench")
    folders = {path.parent for package in packages for path in package.rglob("*.py")}
    assert not [str(folder) for folder in folders if not (folder / "__init__.py").exists()]


@pytest.mark.parametrize("pattern", [MACHINE, INDEX], ids=["machine", "index"])
def test_no_text_names_a_place_that_only_one_machine_knows(pattern: re.Pattern[str]) -> None:
    places = [
        f"{path}:{number}: {line.strip()[:80]}"
        for path, text in text_files()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]
    assert not places

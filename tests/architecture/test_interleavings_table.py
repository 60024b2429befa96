import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
CELL = re.compile(r"`(tests/[\w/]+\.py)`((?: `\w+`,?)+)")
NOT_BUILT = "the feeder is not built"
INTERLEAVINGS = 29
"""As many as the design names."""


def rows() -> list[list[str]]:
    section = PAGE.read_text("utf-8").partition("\n## Interleavings\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [line.strip("| ").split(" | ") for line in lines[2:]]


def named(text: str) -> list[tuple[str, str]]:
    return [
        (path, name) for path, names in CELL.findall(text) for name in re.findall(r"\w+", names)
    ]


def defined(path: str) -> set[str]:
    names: set[str] = set()
    for node in ast.parse((ROOT / path).read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {each.id for each in node.targets if isinstance(each, ast.Name)}
    return names


def test_every_interleaving_of_the_design_has_a_row_with_a_test_or_says_why_not() -> None:
    assert len(rows()) == INTERLEAVINGS
    for interleaving, core, *_ in rows():
        assert named(core) or core == NOT_BUILT, interleaving


@pytest.mark.parametrize(("path", "name"), named("\n".join(" ".join(row) for row in rows())))
def test_what_the_table_of_interleavings_names_is_a_test(path: str, name: str) -> None:
    assert name in defined(path)
    assert name.lower().startswith("test")

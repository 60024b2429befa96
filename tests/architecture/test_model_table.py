import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "model" / "README.md"
CODE = re.compile(r"`(services/[\w/]+\.py)`((?: `[\w.]+`,?)+)")


def named() -> list[tuple[str, str]]:
    found = CODE.findall(TABLE.read_text("utf-8"))
    return [(path, name) for path, names in found for name in re.findall(r"`([\w.]+)`", names)]


def defined(path: str) -> set[str]:
    names = set()
    for node in ast.parse((ROOT / path).read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            names |= {
                f"{node.name}.{each.name}"
                for each in node.body
                if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
            }
    return names


def test_the_table_of_the_model_names_code() -> None:
    assert len(named()) > 30


@pytest.mark.parametrize(("path", "name"), named())
def test_what_the_table_of_the_model_names_is_in_the_code(path: str, name: str) -> None:
    assert name in defined(path)

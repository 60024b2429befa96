import ast
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHECKER = ROOT / "tests" / "checker"
ALLOWED = {"asyncpg", "confluent_kafka", "google", "seatline", "typing_extensions"}
"""The wire and the drivers; besides these the standard library and the checker itself."""


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_the_checker_imports_the_wire_and_drivers_and_nothing_of_the_services() -> None:
    strangers = {
        f"{path.name}: {name}"
        for path in CHECKER.rglob("*.py")
        for name in imports_of(path)
        if not f"{name}.".startswith("tests.checker.")
        and name.partition(".")[0] not in ALLOWED | sys.stdlib_module_names
    }
    assert not strangers


def test_a_checker_that_runs_has_loaded_no_code_of_the_services() -> None:
    modules = [f"tests.checker.{path.stem}" for path in CHECKER.glob("*.py")]
    loads = "; ".join(f"import {name}" for name in modules if not name.endswith("__"))
    told = "import sys; print(sorted(n for n in sys.modules if n.startswith('services')))"
    done = subprocess.run(
        (sys.executable, "-c", f"{loads}; {told}"),
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "proto" / "gen")])},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "[]"

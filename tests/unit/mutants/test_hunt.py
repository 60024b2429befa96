"""The hunt on a tree of three files: what is caught, what survives, what proves nothing."""

import json
import subprocess
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from tests.mutants import __main__ as command
from tests.mutants import brisk

LIMIT = "LIMIT_MS = 20_000\n\n\ndef is_over(ms: int) -> bool:\n    return ms > LIMIT_MS\n"
TEST = "from services.limit import is_over\n\n\ndef test_long_is_over() -> None:\n    "
NAMED = "Breaks: rule 0, a limit\nUnit: tests/unit/test_limit.py\n\n"
DIFF = """\
--- a/services/limit.py
+++ b/services/limit.py
@@ -2,4 +2,4 @@


 def is_over(ms: int) -> bool:
-    return ms > LIMIT_MS
+    {}
"""
FALSE = "return False"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for folder in ("services", "tests/unit", "tests/mutants"):
        (root / folder).mkdir(parents=True)
    (root / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    (root / "services" / "__init__.py").touch()
    (root / "services" / "limit.py").write_text(LIMIT)
    (root / "tests" / "unit" / "test_limit.py").write_text(f"{TEST}assert is_over(99_999)\n")
    copyfile(brisk.__file__, root / "tests" / "mutants" / "brisk.py")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    return root


def plant(tree: Path, name: str, line: str, head: str = NAMED) -> None:
    diff = DIFF.replace("\n\n\n", "\n \n \n", 1).format(line)
    (tree / "tests" / "mutants" / f"{name}.patch").write_text(head + diff)


def summary(said: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


def test_a_mutant_that_a_test_notices_is_caught(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(tree, "never_over", FALSE)
    assert command.main([], tree) == 0
    said = summary(capsys.readouterr().out)
    assert said["ok"]
    assert said["mutants"] == {"never_over": "caught"}
    assert said["caught_by"] == {"never_over": "unit"}
    assert said["suites"] == {"never_over": {"unit": "test_limit::test_long_is_over"}}
    assert (tree / "services" / "limit.py").read_text() == LIMIT


def test_a_mutant_that_no_test_notices_survives(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(tree, "never_over", FALSE)
    plant(tree, "over_at_the_limit", "return ms >= LIMIT_MS")
    assert command.main([], tree) == 1
    said = capsys.readouterr()
    assert not summary(said.out)["ok"]
    assert summary(said.out)["mutants"] == {"never_over": "caught", "over_at_the_limit": "survived"}
    assert "over_at_the_limit: SURVIVED" in said.err


def test_only_the_mutants_that_were_named_are_judged(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(tree, "never_over", FALSE)
    plant(tree, "over_at_the_limit", "return ms >= LIMIT_MS")
    assert command.main(["--only", "never_over"], tree) == 0
    assert list(summary(capsys.readouterr().out)["mutants"]) == ["never_over"]
    assert command.main(["--only", "nobody"], tree) == 2
    assert "'nobody': choose from never_over, over_at_the_limit" in capsys.readouterr().err


def test_a_patch_that_no_longer_applies_is_named_with_the_remedy(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(tree, "never_over", FALSE)
    (tree / "services" / "limit.py").write_text(LIMIT.replace("ms > ", "ms >= "))
    assert command.main([], tree) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "never_over.patch no longer applies" in said.err
    assert "make the same change to services/limit.py as it is now" in said.err


def test_tests_that_fail_without_any_mutant_prove_nothing(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(tree, "never_over", FALSE)
    (tree / "tests" / "unit" / "test_limit.py").write_text(f"{TEST}assert is_over(1)\n")
    assert command.main([], tree) == 2
    assert "fails without any mutant" in capsys.readouterr().err


def test_a_mutant_under_which_a_suite_cannot_run_is_not_caught(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(tree, "cannot_be_imported", "return 1 +")
    assert command.main([], tree) == 2
    said = capsys.readouterr()
    assert not summary(said.out)["ok"]
    assert (summary(said.out)["mutants"], summary(said.out)["caught_by"]) == ({}, {})
    assert "cannot_be_imported: not judged: pytest ended with 2" in said.err


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("import pytest\n\n\n@pytest.fixture\ndef limit(): raise OSError\n\n\n", "fixture failed"),
        ("import pytest\n\npytestmark = pytest.mark.skip\n\n\n", "every test was skipped"),
    ],
    ids=["fixture", "skipped"],
)
def test_a_suite_of_which_no_test_was_asked_has_not_passed(
    tree: Path, capsys: pytest.CaptureFixture[str], body: str, why: str
) -> None:
    plant(tree, "never_over", FALSE)
    fixture = "limit" if "def limit" in body else ""
    test = f"{body}def test_it({fixture}): pass\n"
    (tree / "tests" / "unit" / "test_limit.py").write_text(test)
    assert command.main([], tree) == 2
    assert why in capsys.readouterr().err


@pytest.mark.parametrize(
    ("script", "code", "why"),
    [
        ("print('{\"broken\": null}')", 1, "SURVIVED"),
        ("raise ImportError", 2, "the simulation ended with 1"),
    ],
    ids=["kept", "did not run"],
)
def test_a_simulation_that_ends_without_its_word_is_not_one_that_breaks(
    tree: Path, capsys: pytest.CaptureFixture[str], script: str, code: int, why: str
) -> None:
    plant(tree, "never_over", FALSE, "Breaks: rule 0, a limit\nSimulation: 3\n\n")
    (tree / "tests" / "mutants" / "seeds.py").write_text(script)
    assert command.main([], tree) == code
    assert why in capsys.readouterr().err


def test_a_simulation_names_the_seed_that_breaks(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(tree, "never_over", FALSE, "Breaks: rule 0, a limit\nSimulation: 3\n\n")
    (tree / "tests" / "mutants" / "seeds.py").write_text(
        "import json, sys\nfrom services.limit import is_over\n"
        "print(json.dumps({'broken': None if is_over(99_999) else f'seed {sys.argv[1]}'}))\n"
    )
    assert command.main([], tree) == 0
    assert summary(capsys.readouterr().out)["suites"] == {"never_over": {"simulation": "seed 3"}}


@pytest.mark.parametrize("head", ["Breaks: rule 0\n\n", "Unit: tests/unit/test_limit.py\n\n"])
def test_a_patch_without_its_header_is_refused(
    tree: Path, capsys: pytest.CaptureFixture[str], head: str
) -> None:
    plant(tree, "never_over", FALSE, head)
    assert command.main([], tree) == 2
    assert "never_over.patch: begin it with `Breaks: ...`" in capsys.readouterr().err

"""Mark every test by the folder it stands in, and tell which of them may run side by side."""

from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = ("tests.support.stack",)

TESTS = Path(__file__).parent
TIERS = (
    "e2e",
    "chaos",
    "integration",
    "contract",
    "simtest",
    "property",
    "replay",
    "unit",
    "architecture",
)
"""In the order in which they begin: what takes long and mostly waits comes first."""
WHOLE_STACKS = ("tests/e2e/", "tests/chaos/test_bounded.py")
WITHOUT_LOAD = tuple(
    f"tests/e2e/test_{name}.py" for name in ("callers", "contacts", "hand", "waiting")
)
"""Whole stacks with little to do: they need no machine of their own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(_tier(item))
    items.sort(key=lambda item: TIERS.index(_tier(item)))


def _tier(item: pytest.Item) -> str:
    tier = item.path.relative_to(TESTS).parts[0]
    if tier not in TIERS:
        message = f"{item.path}: tests stand in one of tests/{{{','.join(TIERS)}}}"
        raise pytest.UsageError(message)
    return tier


class StacksTakeTurns(LoadScopeScheduling):
    """Runs whole stacks under load one after the other; beside them the rest, file by file.

    Simulations need only a core each: they are spread over all that are there.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        if path.startswith("tests/simtest/"):
            return nodeid
        has_load = path.startswith(WHOLE_STACKS) and path not in WITHOUT_LOAD
        return "e2e" if has_load else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return StacksTakeTurns(config, log)

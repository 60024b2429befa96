"""Mark every test by the folder it stands in, and tell which of them may run side by side."""

from pathlib import Path

import pytest

pytest_plugins = ("tests.support.stack",)

TESTS = Path(__file__).parent
TIERS = ("e2e", "integration", "contract", "property", "replay", "unit", "architecture")
"""In the order in which they begin: what takes long and mostly waits comes first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        tier = _tier(item)
        item.add_marker(tier)
        # Whole stacks under load run one after the other; beside them the rest, file by file.
        item.add_marker(pytest.mark.xdist_group(tier if tier == "e2e" else item.path.stem))
    items.sort(key=lambda item: TIERS.index(_tier(item)))


def _tier(item: pytest.Item) -> str:
    tier = item.path.relative_to(TESTS).parts[0]
    if tier not in TIERS:
        message = f"{item.path}: tests stand in one of tests/{{{','.join(TIERS)}}}"
        raise pytest.UsageError(message)
    return tier

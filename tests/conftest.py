"""Mark every test by the folder it stands in, so that nobody forgets a marker."""

from collections.abc import Iterable
from pathlib import Path

import pytest

pytest_plugins = ("tests.support.stack",)

TESTS = Path(__file__).parent
TIERS = ("unit", "property", "contract", "replay", "architecture", "integration", "e2e")


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    for item in items:
        tier = item.path.relative_to(TESTS).parts[0]
        if tier not in TIERS:
            message = f"{item.path}: tests stand in one of tests/{{{','.join(TIERS)}}}"
            raise pytest.UsageError(message)
        item.add_marker(tier)

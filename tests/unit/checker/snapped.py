"""A clean day with its snapshots, spoilt and checked."""

from collections.abc import Callable
from typing import Any

from tests.checker.check import Report, check
from tests.support.checked_history import WrittenHistory
from tests.support.clean_day import clean_day

Change = Callable[[Any], object]


def looked_at(spoil: Callable[[WrittenHistory], object] = lambda _: None) -> Report:
    history = clean_day()
    history.tables = None
    history.told.clear()
    spoil(history)
    return check(history.frozen())

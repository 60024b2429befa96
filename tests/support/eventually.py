"""Wait for what must come about, with a deadline instead of a pause."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_LOOK_EVERY_S = 0.05


def eventually(condition: Callable[[], T | None], within_s: float = 30.0, what: str = "") -> T:
    """Return what the condition gives as soon as that is true; fail at the deadline."""
    deadline = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what or condition}"
        time.sleep(_LOOK_EVERY_S)
    return found

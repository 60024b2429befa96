"""Dead letters under a ceiling: a few are the world's fault, many are ours."""

from collections import deque

CEILING = 20
WINDOW_MS = 60_000


class DeadLetterCeiling:
    """Counts the dead letters of the last minute (rule 1.9)."""

    def __init__(self, ceiling: int = CEILING, window_ms: int = WINDOW_MS) -> None:
        self._ceiling = ceiling
        self._window_ms = window_ms
        self._at_ms: deque[int] = deque(maxlen=ceiling)

    def allows(self, mono_ms: int) -> bool:
        """Count one more and return True, unless that were too many to be the world's fault."""
        if sum(1 for at in self._at_ms if mono_ms - at < self._window_ms) >= self._ceiling:
            return False
        self._at_ms.append(mono_ms)
        return True

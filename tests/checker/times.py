"""No contact is forgotten, no caller stuck: what outstays its limit is moved on (promise 3)."""

from dataclasses import dataclass

from tests.checker import limits
from tests.checker.findings import rule
from tests.checker.floor import Due


@rule("promise 3, 2.2")
def state_too_long(due: Due, now_ms: int) -> str | None:
    """Whatever stays in a state longer than its limit is moved on by an owner that is there."""
    late_ms = now_ms - due.at_ms
    if late_ms <= limits.GRACE_MS:
        return None
    name = due.name if isinstance(due.name, str) else f"{due.name[0]} release {due.name[1]}"
    return f"{name} is still {due.state} {late_ms} ms after its limit"


@dataclass(slots=True)
class Presence:
    """Since when an owner has been at work without a break, and not behind.

    A takeover, a silence, or commands that are behind put off what became due meanwhile
    (rules 1.5 and 2.2): it is due anew from then on.
    """

    since_ms: int = 0
    seen_ms: int = 0

    def see(self, at_ms: int, is_fence: bool, undecided_since_ms: int | None) -> int:
        """Note a record; return the moment up to which everything due must have moved."""
        silent = at_ms - self.seen_ms > limits.HEARTBEAT_MAX_MS
        behind = undecided_since_ms is not None and at_ms - undecided_since_ms > limits.BEHIND_MS
        if is_fence or silent or behind:
            self.since_ms = at_ms
        self.seen_ms = at_ms
        worked_ms = at_ms - self.since_ms
        return at_ms - limits.GRACE_MS if worked_ms > limits.GRACE_MS else 0

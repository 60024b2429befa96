"""Operators' orders out of the words of the partitions that each reached."""

from collections.abc import Iterable
from dataclasses import dataclass

BY_MAX, WHY_MAX = 64, 200
"""Characters of a signature that facts keep."""
BANK = "bank"
"""Who orders what the recorder orders on a caller's word: no operator."""
REFUSED = "refused: "
"""Begins an answer that says why nothing came of an order."""
TO_ALL = frozenset({"map", "policy", "stop", "resume", "withdraw"})
"""Orders that every partition must have in force."""


@dataclass(frozen=True, slots=True)
class Word:
    """What one partition, or the log of orders, says of an order."""

    at_ms: int
    """When it was ordered, milliseconds since the Unix epoch."""
    by: str
    why: str
    action: str
    """`stop`, `resume`, `map`, `policy`, `withdraw`, `drain`, `end-session`, `release`,
    `move-partition`, `skip`, `dead requeue`, `dead drop`."""
    subject: str
    """What about: `seat S24-35`, `version 3`, a contact, a session."""
    answer: str = ""
    """What came of it; empty for the order itself."""
    partition: int | None = None
    """Whose word it is; None for the order itself."""
    recorded: bool = True
    """False: read from the log, as the recorder has not come so far."""
    session_id: str = ""
    """Who has the contact that was not handed back."""

    @property
    def is_refused(self) -> bool:
        """Whether nothing came of it."""
        return self.answer.startswith(REFUSED)


@dataclass(frozen=True, slots=True)
class Order:
    """One order, whatever number of partitions it reached."""

    at_ms: int
    by: str
    why: str
    action: str
    subject: str
    answers: tuple[str, ...]
    """What came of it, without repeats."""
    applied: tuple[int, ...]
    """Partitions that have answered."""
    partitions: int
    """How many must."""
    recorded: bool
    """Whether the recorder keeps all that was told of it."""


def orders(words: Iterable[Word], partitions: int, limit: int) -> list[Order]:
    """Return the newest orders, oldest first; bank's own are left out.

    Args:
        words: In any order; what is told twice counts once.
        partitions: How many an order to all must reach.
        limit: How many orders, at least 1.
    """
    grouped: dict[tuple[int, str, str, str, str], list[Word]] = {}
    for word in words:
        if word.by != BANK:
            key = (word.at_ms, word.action, word.subject, word.by, word.why)
            grouped.setdefault(key, []).append(word)
    newest = sorted(grouped.items())[-limit:]
    return [_order(told, partitions) for _, told in newest]


def _order(told: list[Word], partitions: int) -> Order:
    first = told[0]
    answered = {word.partition for word in told if word.partition is not None}
    recorded = {word.partition for word in told if word.recorded}
    return Order(
        first.at_ms,
        first.by,
        first.why,
        first.action,
        first.subject,
        tuple(sorted({word.answer for word in told if word.answer})),
        tuple(sorted(answered)),
        partitions if first.action in TO_ALL else 1,
        bool(answered) and answered <= recorded,
    )

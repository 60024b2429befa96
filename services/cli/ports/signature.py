"""Who orders something."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signature:
    """Who orders something, and why."""

    by: str
    why: str

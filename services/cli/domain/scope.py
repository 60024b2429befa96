"""What a stop covers, and whether the map in use knows it."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

NEAR = 3
"""So many names are offered for one that is unknown."""


class Kind(StrEnum):
    """What kind of thing is stopped."""

    ALL = "all"
    CAMPAIGN = "campaign"
    SEAT = "seat"
    CENTRE = "centre"


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """What is stopped or resumed."""

    kind: Kind
    id: str = ""
    """Campaign, seat or centre; empty for all."""

    @property
    def name(self) -> str:
        """The scope for people: `seat S24-35`."""
        return "everything" if self.kind is Kind.ALL else f"{self.kind} {self.id}"


def near(name: str, known: Iterable[str]) -> str:
    """Return what an unknown name may have meant, as the end of a sentence."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, NEAR) or [
        each for each in names if name and each.startswith(name)
    ]
    return f"; near: {', '.join(close[:NEAR])}" if close else ""

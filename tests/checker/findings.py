"""What the checker finds: a rule, who it is about, where it stands, and the story in a line."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from typing_extensions import override

KEPT_MAX = 10_000
"""Findings that are kept; the counts go on."""

Judgement = Callable[..., str | None]
"""A rule: given what it judges, None, or the story of how it was broken."""


class Place(NamedTuple):
    """An entry of a log, or the row of a table that was made from it."""

    log: str
    partition: int
    offset: int
    entry: int = 0

    @override
    def __str__(self) -> str:
        return f"{self.log}/{self.partition}@{self.offset}[{self.entry}]"


class About(NamedTuple):
    """Whom a judgement is about, and where."""

    places: tuple[Place, ...] = ()
    contact_id: str = ""
    release: int = 0
    session_id: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of `docs/protocol.md` as the checker holds it."""

    name: str
    number: str
    """Number in `docs/protocol.md`, or the promise of `docs/architecture.md`."""
    says: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that was broken."""

    rule: Rule
    about: About
    story: str


RULES: dict[str, Rule] = {}
"""Every rule, by its name."""


def rule(number: str) -> Callable[[Judgement], Judgement]:
    """Register a function as a rule, under its own name and the first line of its docstring."""

    def register(judgement: Judgement) -> Judgement:
        name = judgement.__name__
        says = (judgement.__doc__ or "").partition("\n")[0]
        RULES[name] = Rule(name, number, says)
        return judgement

    return register


class Findings:
    """Asks rules and keeps what they object to."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self.counts: Counter[str] = Counter()

    def ask(self, judgement: Judgement, about: About, *given: Any) -> bool:
        """Hold something against a rule; return True when it was broken."""
        story = judgement(*given)
        if story is None:
            return False
        broken = RULES[judgement.__name__]
        self.counts[broken.name] += 1
        if len(self.kept) < KEPT_MAX:
            self.kept.append(Finding(broken, about, story))
        return True

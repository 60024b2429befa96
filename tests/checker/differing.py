"""Two accounts of the same things, held against each other: what the log says, and what is told."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from tests.checker.findings import About, Findings, Judgement
from tests.checker.history import Key

DIFFERENCES_MAX = 100
"""Differences that are named of one account."""

Account = Mapping[Any, Any]
"""What stands where: contacts by their releases, sessions and all else by their names."""


def story(teller: str, name: Key | str, folded: Any, told: Any) -> str | None:
    """Say how one thing is told otherwise than the log has it; None when it is not."""
    if folded == told:
        return None
    who = name if isinstance(name, str) else f"{name[0]} release {name[1]}"
    return f"{who}: the log says {_said(folded, told)}, {teller} says {_said(told, folded)}"


def _said(one: Any, other: Any) -> str:
    """Tell what one side says: all of it, or what the other says otherwise."""
    if one is None:
        return "nothing"
    if not hasattr(one, "_asdict"):
        return repr(one)
    told = one._asdict()
    differing = {k: v for k, v in told.items() if other is None or getattr(other, k) != v}
    return ", ".join(f"{name} {value!r}" for name, value in differing.items())


def ask_each(
    found: Findings,
    judgement: Judgement,
    about: About,
    accounts: tuple[Account, Account],
    teller: str,
) -> None:
    """Hold what is told otherwise against a rule, thing by thing.

    Args:
        found: Where findings go.
        judgement: Asked with the teller, the name of a thing, and both accounts of it.
        about: Where it was told.
        accounts: What the log says, and what was told.
        teller: Who told it.
    """
    for name, one, other in islice(_differences(*accounts), DIFFERENCES_MAX):
        found.ask(judgement, _narrowed(about, name, one or other), teller, name, one, other)


def _narrowed(about: About, name: Key | str, thing: Any) -> About:
    if isinstance(name, tuple):
        return about._replace(contact_id=name[0], release=name[1])
    # Only sessions have a generation of their own; other names are those of orders or positions.
    return about._replace(session_id=name) if hasattr(thing, "generation") else about


def _differences(folded: Account, told: Account) -> Iterator[tuple[Any, Any, Any]]:
    for name in [*folded, *(name for name in told if name not in folded)]:
        one, other = folded.get(name), told.get(name)
        if one != other:
            yield name, one, other

"""Chance as an argument: whoever calls brings a seeded generator."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

Chance = Callable[[], float]
"""Gives the next number, uniform in [0, 1)."""


def between(chance: Chance, low: float, high: float) -> float:
    """Draw uniformly between two bounds."""
    return low + (high - low) * chance()


def one_of(chance: Chance, choices: Sequence[T]) -> T:
    """Draw one of the choices, each with the same weight."""
    return choices[int(chance() * len(choices))]

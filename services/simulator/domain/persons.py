"""Persons who do not exist, with numbers that cannot ring."""

from dataclasses import dataclass

from services.simulator.domain.chance import Chance, one_of

_PREFIX = "+9110"
"""No Indian area code, mobile range or service number begins with 10: `phonenumbers` calls such a
number possible (it has ten digits) and never valid, and no exchange connects it."""
_NUMBERS = 10**8
_FIRST = ("Ba", "Do", "Ke", "Lu", "Mi", "No", "Ra", "Su", "Ta", "Ve")
_LAST = ("dan", "fel", "gor", "hin", "lak", "mur", "pos", "rem", "tiv", "zel")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to be called."""

    phone: str
    name: str


def person(number: int, first_phone: int, chance: Chance) -> Person:
    """Invent the person of one contact.

    Args:
        number: Number of the contact within its run; another number, another phone.
        first_phone: Where the phones of this run begin, so that runs do not share them.
        chance: Seeded; draws the name.
    """
    phone = f"{_PREFIX}{(first_phone + number) % _NUMBERS:08d}"
    given = one_of(chance, _FIRST) + one_of(chance, _LAST)
    family = one_of(chance, _FIRST) + one_of(chance, _LAST)
    return Person(phone, f"{given} {family}")

"""Dead letters: what waits for a hand, and what hands did with it, folded into cases."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from typing_extensions import override

HOLD_MS = 30_000
"""A requeue that was begun and not ended keeps others away for so long; then it was interrupted."""

COMMANDS = "seatline.commands.v1"
CONTACTS = "seatline.contacts.v1"
INTAKE = "seatline.intake.v1"
RULINGS = "seatline.rulings.v1"


class How(enum.Enum):
    """What a hand does with a letter."""

    BEGUN = "begun"
    REQUEUED = "requeued"
    DROPPED = "dropped"


class LetterId(NamedTuple):
    """Place of a record in the log of dead letters; of a letter, its id."""

    partition: int
    offset: int

    @override
    def __str__(self) -> str:
        return f"{self.partition}/{self.offset}"

    @classmethod
    def named(cls, text: str) -> "LetterId | None":
        """Return the id that a text names, `3/17`; None when it names none."""
        partition, _, offset = text.partition("/")
        if not all(part.isascii() and part.isdigit() for part in (partition, offset)):
            return None
        return cls(int(partition), int(offset))


NOWHERE = LetterId(0, -1)


class Input(NamedTuple):
    """An input that could not be decided or read."""

    topic: str
    partition: int
    offset: int
    entry: int

    @override
    def __str__(self) -> str:
        return f"{self.topic.split('.')[1]}/{self.partition}@{self.offset}[{self.entry}]"


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter, without its sealed payload."""

    id: LetterId
    at_ms: int
    """Append time, milliseconds since the epoch."""
    service: str
    input: Input
    reason: str
    field: str = ""
    contact_id: str = ""
    sealed_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Copy:
    """Where an input is sent again."""

    topic: str
    partition: int
    offset: int
    """Begun: the end of that partition before it is sent. Done: its offset."""
    release: int = 0
    """Release of the contact; 0 when the copy is no single contact."""
    valid_until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """What a hand did with a letter: who, when, why."""

    letter: LetterId
    how: How
    by: str
    why: str
    copy: Copy | None = None
    at: LetterId = NOWHERE
    """Its own place; not known before it is appended."""
    at_ms: int = 0


@dataclass(slots=True)
class Case:
    """An input, its first letter, and the deeds that count."""

    letter: Letter
    letters: int = 1
    """How often it was told: a death between letter and position repeats it."""
    deeds: list[Deed] = field(default_factory=list)

    @property
    def last(self) -> Deed | None:
        """The deed that says where the case stands."""
        return self.deeds[-1] if self.deeds else None

    @property
    def state(self) -> str:
        """Say where the case stands: open, begun, requeued or dropped."""
        return "open" if self.last is None else self.last.how.value

    @property
    def waits(self) -> bool:
        """Whether it waits for a hand; a requeue that is not known to be done does."""
        return self.last is None or self.last.how is How.BEGUN

    def is_held(self, at_ms: int) -> bool:
        """Tell whether somebody is at it at a moment, so that nobody else may begin."""
        last = self.last
        return last is not None and last.how is How.BEGUN and at_ms - last.at_ms < HOLD_MS

    def take(self, deed: Deed) -> None:
        """Apply the log's rule: who comes first counts, and what is closed stays closed."""
        if self.waits and (deed.how is How.REQUEUED or not self.is_held(deed.at_ms)):
            self.deeds.append(deed)


class DeadFold:
    """Folds the log of dead letters, each partition in its order."""

    def __init__(self) -> None:
        self._cases: dict[Input, Case] = {}
        self._inputs: dict[LetterId, Input] = {}

    def take(self, record: Letter | Deed) -> None:
        """Apply a record. A deed whose letter is no longer kept changes nothing."""
        if isinstance(record, Letter):
            known = self._cases.get(record.input)
            if known is None:
                self._cases[record.input] = Case(record)
            else:
                known.letters += 1
            self._inputs[record.id] = record.input
        elif (named := self._inputs.get(record.letter)) is not None:
            self._cases[named].take(record)

    def take_all(self, records: Iterable[Letter | Deed]) -> "DeadFold":
        """Apply records in turn; return this."""
        for record in records:
            self.take(record)
        return self

    def case(self, letter: LetterId) -> Case | None:
        """Return the case of a letter; every letter of one input leads to the same."""
        named = self._inputs.get(letter)
        return None if named is None else self._cases[named]

    def letter_of(self, named: Input) -> Letter | None:
        """Return the first letter of an input; None when it has none."""
        case = self._cases.get(named)
        return None if case is None else case.letter

    def cases(self) -> list[Case]:
        """Return all cases, the newest last."""
        return sorted(self._cases.values(), key=lambda case: (case.letter.at_ms, case.letter.id))

    def deeds(self) -> list[Deed]:
        """Return every deed that counts, the newest last."""
        deeds = [deed for case in self._cases.values() for deed in case.deeds]
        return sorted(deeds, key=lambda deed: (deed.at_ms, deed.at))

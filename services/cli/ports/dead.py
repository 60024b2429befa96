"""What the hand at the dead letters needs of the world."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from services.cli.domain.dead import Case, Copy, Deed, Letter
from services.cli.domain.requeue import Entry, Original, Sending, Standing

Appended = Callable[[Sequence[tuple[str, int, bytes]]], Sequence[int]]
"""Appends values to topics and partitions, returns their offsets once all are acknowledged."""


class DeadLog(Protocol):
    """The log of dead letters."""

    def news(self) -> Iterator[Letter | Deed]:
        """Yield what was appended since the last call, each partition in its order."""

    def note(self, deeds: Sequence[Deed]) -> Sequence[Deed]:
        """Append deeds; return them with their places once all are acknowledged."""


class Originals(Protocol):
    """The inputs behind dead letters."""

    def find(self, letter: Letter) -> Original | None:
        """Return the input of a letter; None when it is gone from topic and letter."""

    def copy_of(self, case: Case, original: Original, sending: Sending) -> bytes:
        """Return the record that is sent again."""

    def end(self, topic: str, partition: int) -> int:
        """Return the end of a partition now."""

    def sent(self, copy: Copy, original: Original) -> Copy | None:
        """Return the copy that an interrupted requeue sent; None when it sent none.

        Raises:
            NotDoneError: That cannot be told any more.
        """

    def gave_up(self, letter: Letter, dispatcher: int) -> bool:
        """Tell whether a dispatcher has written that it passes a ruling over for good.

        Raises:
            NotDoneError: Its log cannot be judged there.
        """


class Standings(Protocol):
    """What is recorded of contacts."""

    async def of(self, entry: Entry) -> Standing:
        """Return what is recorded of a contact and release; `set_aside` is not known here."""

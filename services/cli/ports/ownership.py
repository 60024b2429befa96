"""What moving partitions and skipping inputs need of the world."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from services.cli.domain.reigns import InputName, Reign
from services.cli.ports.signature import Signature


@dataclass(frozen=True, slots=True)
class Change:
    """A record that counts, as far as ownership goes."""

    reign: Reign
    """As it stands behind that record."""
    appended_ms: int
    is_fence: bool
    set_aside: frozenset[InputName]
    """Inputs that it gives up for good."""


class Reigns(Protocol):
    """Who owns the deciders' partitions. Each method raises NotDoneError on silence."""

    def now(self, log: str) -> Mapping[int, Reign]:
        """Return who owns each partition of a log."""

    def ask_for_hand_over(
        self, log: str, partition: int, to_slot: str, signature: Signature
    ) -> None:
        """Ask the owner, of whom `now` has told, to give the partition to another slot."""

    def ask_for_skip(self, log: str, partition: int, name: InputName, signature: Signature) -> None:
        """Ask the owner, of whom `now` has told, to set an input aside."""

    def changes(self, log: str, partition: int, within_s: float) -> Iterator[Change]:
        """Yield each record that counts behind what `now` has told, as it comes."""

    def end_of(self, topic: str, partition: int) -> int | None:
        """Return where an input ends; None when there is no such partition."""

    def addressee(self, name: InputName) -> int | None:
        """Return the partition of the facts that decides a ruling; None when none does."""

    def is_dead(self, name: InputName) -> bool:
        """Tell whether a dead letter tells of an input."""


class Slots(Protocol):
    """The processes that decide."""

    def of(self, kind: str) -> list[str]:
        """Return the names of the slots of a kind of service."""

    def why_not_ready(self, slot: str) -> str | None:
        """Return what keeps a slot from deciding, as a sentence; None when nothing does."""

"""What intake's handler needs of the world."""

from collections.abc import Sequence
from typing import Protocol

from services.intake.domain.values import (
    CheckedContact,
    ForeignContact,
    ForeignRecord,
    Letter,
    SealedContact,
    SealedPerson,
    Unfit,
)


class Reader(Protocol):
    """Understands what producers write."""

    def read(self, value: bytes) -> ForeignContact | Unfit:
        """Return what stands in a record, whatever the bytes."""


class Seals(Protocol):
    """Seals what identifies a person."""

    def seal_person(self, contact: CheckedContact) -> SealedPerson:
        """Return the person sealed, bound to the contact id."""

    def seal_payload(self, record: ForeignRecord) -> bytes:
        """Return a record's bytes sealed, bound to its place."""


class Outbox(Protocol):
    """Sends on what intake made of a batch."""

    async def publish(
        self, contacts: Sequence[SealedContact], letters: Sequence[Letter]
    ) -> int | None:
        """Return once all of it is acknowledged by every in-sync replica.

        Returns:
            The newest append time, milliseconds since the epoch; None when nothing was sent.

        Raises:
            PromiseBrokenError: Something was not acknowledged in time; what became of it is
                unknown, so the batch must not count as read.
        """


class Meter(Protocol):
    """Counts what intake did."""

    def counted(self, result: str, records: int) -> None:
        """Count records that became a contact, or dead letters of a reason."""

    def aged(self, age_ms: int) -> None:
        """Take the time from the append of a record to that of what it became."""

"""Fakes of intake's ports."""

from collections import Counter
from collections.abc import Sequence

from services.intake.domain.values import (
    CheckedContact,
    ForeignRecord,
    Letter,
    SealedContact,
    SealedPerson,
)


class PlainSeals:
    """Seals that can be looked through."""

    def seal_person(self, contact: CheckedContact) -> SealedPerson:
        return SealedPerson(
            contact.person.phone.encode().ljust(16)[:16], contact.person.name.encode()
        )

    def seal_payload(self, record: ForeignRecord) -> bytes:
        return b"sealed:" + record.value


class InMemoryOutbox:
    """Keeps what is published; `error` is raised instead when it is set."""

    def __init__(self) -> None:
        self.contacts: list[SealedContact] = []
        self.letters: list[Letter] = []
        self.appended_at_ms = 0
        self.error: Exception | None = None

    async def publish(
        self, contacts: Sequence[SealedContact], letters: Sequence[Letter]
    ) -> int | None:
        if self.error is not None:
            raise self.error
        self.contacts += contacts
        self.letters += letters
        return self.appended_at_ms if contacts or letters else None


class InMemoryMeter:
    """Keeps what is counted."""

    def __init__(self) -> None:
        self.records: Counter[str] = Counter()
        self.ages_ms: list[int] = []

    def counted(self, result: str, records: int) -> None:
        self.records[result] += records

    def aged(self, age_ms: int) -> None:
        self.ages_ms.append(age_ms)

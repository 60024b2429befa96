"""What explanations need of the world."""

from collections.abc import Iterator
from typing import Protocol

from services.cli.domain.story import Told


class StoryRecord(Protocol):
    """Recorded decisions, for explanations."""

    async def of_contact(self, contact_id: str) -> list[Told]:
        """Return what was decided on a contact, by time."""

    async def of_session(self, session_id: str) -> list[Told]:
        """Return what was decided on a session, by time."""


class StoryLogs(Protocol):
    """What the logs hold beyond the record; may tell again what is recorded."""

    def of_contact(self, contact_id: str) -> Iterator[Told]:
        """Yield arrivals, and what is not recorded yet."""

    def decided_on(self, contact_id: str) -> Iterator[Told]:
        """Yield what is not recorded yet, and no arrivals: those are searched for at length."""

    def of_session(self, session_id: str) -> Iterator[Told]:
        """Yield what is not recorded yet."""

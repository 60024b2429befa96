"""Explain: load what was recorded and what the logs add, and put it in order."""

from collections.abc import Callable
from dataclasses import dataclass

from services.cli.domain.story import Story, of_contact, of_session
from services.cli.ports.stories import StoryLogs, StoryRecord


@dataclass(frozen=True, slots=True)
class ExplainHandler:
    """Tells the whole story of a contact or a session.

    The logs are read from where the recorder stood before its decisions were: nothing falls
    between the two, and what both hold is told once.
    """

    logs: StoryLogs
    record: StoryRecord
    progress: Callable[[str], None]

    async def contact(self, contact_id: str) -> Story:
        """Tell the story of a contact.

        Raises:
            NotDoneError: The stack is away.
        """
        self.progress("reading decisions")
        told = await self.record.of_contact(contact_id)
        self.progress("reading the logs")
        return of_contact([*told, *self.logs.of_contact(contact_id)])

    async def session(self, session_id: str) -> Story:
        """Tell the story of a caller session.

        Raises:
            NotDoneError: The stack is away.
        """
        self.progress("reading decisions")
        told = await self.record.of_session(session_id)
        self.progress("reading the logs")
        return of_session([*told, *self.logs.of_session(session_id)])

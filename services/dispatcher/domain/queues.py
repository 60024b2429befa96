"""A centre's two queues, by language: contacts by place, callers by idle time. O(log n) each."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from services.dispatcher.domain.words import ANY_LANGUAGE

Order = tuple[int, int, int]
Key = tuple[str, int]
_Callers = list[tuple[int, int, str]]
_Contacts = list[tuple[Order, Key]]


@dataclass(slots=True)
class CentreQueue:
    """Waiting contacts and ready callers of one centre.

    A contact stands in the heap of its language, a caller in those of all its languages and in
    that of any language. Entries that no longer stand are dropped when they reach the top.
    """

    centre_id: str
    closed: bool = False
    draining: bool = False
    contacts_waiting: int = 0
    sessions_ready: int = 0
    _contacts: dict[str, _Contacts] = field(default_factory=dict)
    _callers: dict[str, _Callers] = field(default_factory=dict)

    @property
    def takes(self) -> bool:
        """Whether offers are made here."""
        return not (self.closed or self.draining)

    def add_contact(self, order: Order, language: str, key: Key) -> None:
        """Let a contact wait at its place."""
        heapq.heappush(self._contacts.setdefault(language, []), (order, key))
        self.contacts_waiting += 1

    def add_session(
        self, idle_since_ms: int, ordinal: int, languages: tuple[str, ...], session_id: str
    ) -> None:
        """Let a caller be found, the longest idle first."""
        for language in {ANY_LANGUAGE, *languages}:
            heap = self._callers.setdefault(language, [])
            heapq.heappush(heap, (idle_since_ms, ordinal, session_id))
        self.sessions_ready += 1

    def best(
        self,
        is_waiting: Callable[[Key, Order], bool],
        is_ready: Callable[[str, int], bool],
    ) -> tuple[Key, str] | None:
        """Return the first contact that can be served now, and its longest-idle caller."""
        best: tuple[Order, Key, str] | None = None
        for language, contacts in self._contacts.items():
            while contacts and not is_waiting(contacts[0][1], contacts[0][0]):
                heapq.heappop(contacts)
            if not contacts or (best is not None and contacts[0][0] > best[0]):
                continue
            callers = self._callers.get(language, [])
            while callers and not is_ready(callers[0][2], callers[0][0]):
                heapq.heappop(callers)
            if callers:
                best = (*contacts[0], callers[0][2])
        return None if best is None else (best[1], best[2])

"""A centre's two queues, by language: contacts by place, callers by idle time. O(log n) each."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from services.dispatcher.domain.words import ANY_LANGUAGE

Order = tuple[int, int, int]
Key = tuple[str, int]
Idle = tuple[int, int]
"""Since when a caller is idle, and an ordinal."""
_Place = TypeVar("_Place", Order, Idle)
_Name = TypeVar("_Name", Key, str)

_STALE_MAX = 64
"""A heap is cleared of entries that no longer stand once they are more than this and than those
that do: a language that nobody asks for must not grow for ever."""


@dataclass(slots=True)
class CentreQueue:
    """Waiting contacts and ready callers of one centre.

    A contact stands in the heap of its language, a caller in those of all its languages and in
    that of any language. Entries that no longer stand are dropped when they reach the top: two
    queues are equal when the same contacts and callers stand in them.
    """

    centre_id: str
    closed: bool = False
    draining: bool = False
    _waiting: dict[Key, Order] = field(default_factory=dict)
    _ready: dict[str, Idle] = field(default_factory=dict)
    _contacts: dict[str, list[tuple[Order, Key]]] = field(default_factory=dict, compare=False)
    _callers: dict[str, list[tuple[Idle, str]]] = field(default_factory=dict, compare=False)

    @property
    def takes(self) -> bool:
        """Whether offers are made here."""
        return not (self.closed or self.draining)

    @property
    def contacts_waiting(self) -> int:
        """How many contacts wait."""
        return len(self._waiting)

    @property
    def sessions_ready(self) -> int:
        """How many callers are ready."""
        return len(self._ready)

    def add_contact(self, order: Order, language: str, key: Key) -> None:
        """Let a contact wait at its place."""
        self._waiting[key] = order
        _push(self._contacts.setdefault(language, []), order, key, self._waiting)

    def remove_contact(self, key: Key) -> None:
        """Let a contact wait no more."""
        self._waiting.pop(key, None)

    def add_session(self, idle: Idle, languages: tuple[str, ...], session_id: str) -> None:
        """Let a caller be found, the longest idle first."""
        self._ready[session_id] = idle
        for language in {ANY_LANGUAGE, *languages}:
            _push(self._callers.setdefault(language, []), idle, session_id, self._ready)

    def remove_session(self, session_id: str) -> None:
        """Let a caller be found no more."""
        self._ready.pop(session_id, None)

    def idle_place(self, session_id: str) -> Idle | None:
        """Return the place of a ready caller."""
        return self._ready.get(session_id)

    def best(self) -> tuple[Key, str] | None:
        """Return the first contact that can be served now, and its longest-idle caller."""
        best: tuple[Order, Key, str] | None = None
        for language, contacts in self._contacts.items():
            first = _top(contacts, self._waiting)
            if first is None or (best is not None and first[0] > best[0]):
                continue
            caller = _top(self._callers.get(language, []), self._ready)
            if caller is not None:
                best = (*first, caller[1])
        return None if best is None else (best[1], best[2])


def _push(
    heap: list[tuple[_Place, _Name]], place: _Place, name: _Name, stands: Mapping[_Name, _Place]
) -> None:
    heapq.heappush(heap, (place, name))
    if len(heap) > _STALE_MAX + 2 * len(stands):
        heap[:] = sorted({entry for entry in heap if stands.get(entry[1]) == entry[0]})


def _top(
    heap: list[tuple[_Place, _Name]], stands: Mapping[_Name, _Place]
) -> tuple[_Place, _Name] | None:
    while heap and stands.get(heap[0][1]) != heap[0][0]:
        heapq.heappop(heap)
    return heap[0] if heap else None

"""Who is due when: one heap for all callers."""

import heapq

NEVER = float("inf")


class Agenda:
    """Keeps the earliest due time of each of `size` members.

    A member that is due later than it was entered is entered anew when its old time comes, so that
    a change costs one push at most and a heap entry is never searched for.
    """

    def __init__(self, size: int) -> None:
        self._heap: list[tuple[float, int]] = []
        self._entered = [NEVER] * size

    def put(self, member: int, due_ms: float) -> None:
        """Make sure that the member is looked at when it is due."""
        if due_ms < self._entered[member]:
            self._entered[member] = due_ms
            heapq.heappush(self._heap, (due_ms, member))

    def take(self, now_ms: float) -> list[int]:
        """Return the members to look at now; each is to be `put` again."""
        due: list[int] = []
        while self._heap and self._heap[0][0] <= now_ms:
            at_ms, member = heapq.heappop(self._heap)
            if at_ms == self._entered[member]:
                self._entered[member] = NEVER
                due.append(member)
        return due

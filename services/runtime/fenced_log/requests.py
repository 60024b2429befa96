"""What people and slots ask of the owner of one partition, and for how long that stands."""

from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.runtime.fenced_log.decided import InputKey
from services.runtime.fenced_log.unwanted import Unwanted
from services.runtime.fenced_log.wishes import HandOver, Request, Skip, WriteLess

HAND_OVER_STANDS_MS = 10_000
"""Whoever asked waits no longer: what has not come about by then never will."""
SKIP_STANDS_MS = 60_000
"""Long enough for an owner that dies of the input and is started again ever more slowly."""
_SKIPS_MAX = 64

Wish_co = TypeVar("Wish_co", HandOver, Skip, covariant=True)


@dataclass(frozen=True, slots=True)
class _Asked(Generic[Wish_co]):
    """A wish, who has it, and until when it stands."""

    wish: Wish_co
    slot: str
    void_ms: int


class Requests:
    """Keeps the requests of one partition's log that still stand.

    Times are those that records are stamped with: `now_ms` is what one would be stamped with now.
    """

    def __init__(self) -> None:
        self._hand_over: _Asked[HandOver] | None = None
        self._skips: deque[_Asked[Skip]] = deque(maxlen=_SKIPS_MAX)
        self.unwanted = Unwanted()

    def saw(self, request: Request, appended_at_ms: int, expected_ms: int, *, owning: bool) -> None:
        """Note a request in the order of the log.

        That for a hand-over is for the owner that reads it, the last one standing; one for a skip
        is for whoever comes to the input, which may be what owners die of.

        Args:
            request: What is asked for.
            appended_at_ms: When it was appended.
            expected_ms: What a record would have been stamped with as this was read, as far as was
                known before: an owner that was paused reads late, and time goes on from there.
            owning: Whether this slot owns the partition.
        """
        began_ms = appended_at_ms - max(0, expected_ms - appended_at_ms)
        match request.wish:
            case HandOver() as wish if owning:
                self._hand_over = _Asked(wish, request.slot, began_ms + HAND_OVER_STANDS_MS)
            case Skip() as wish:
                self._skips.append(_Asked(wish, request.slot, began_ms + SKIP_STANDS_MS))
            case WriteLess() as wish:
                self.unwanted.asked(wish, began_ms)
            case _:
                pass

    def hand_over(self, slot: str, now_ms: int, *, calm: bool) -> str | None:
        """Return the slot that the partition is to be given to now, if any.

        Args:
            slot: The owner's: what it has already it does not give to itself.
            now_ms: Now.
            calm: Whether a slot that asks by itself may have it.
        """
        asked = self._hand_over
        if asked is None or (asked.slot and not calm):
            return None
        to_slot = asked.wish.to_slot
        return to_slot if now_ms < asked.void_ms and to_slot != slot else None

    @property
    def any_skip(self) -> bool:
        """Whether it is worth asking `skips`."""
        return bool(self._skips)

    def skips(self, key: InputKey, now_ms: int) -> bool:
        """Tell whether an input is to be set aside undecided."""
        while self._skips and now_ms >= self._skips[0].void_ms:
            self._skips.popleft()
        return any(
            key == (asked.wish.topic, asked.wish.partition, asked.wish.offset, asked.wish.index)
            for asked in self._skips
        )

    def forget_hand_over(self) -> None:
        """Forget what was asked of a reign that is over."""
        self._hand_over = None

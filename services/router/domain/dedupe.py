"""The router's only state: which releases were ruled within the dedupe window (rule 3.3).

It is folded from the rulings in the log and nothing else, so a takeover knows what its
predecessor knew. Keys lie in slices of the window by the `at` of their records; a slice is dropped
whole once all of it is older than the window, so memory is bounded by the window's traffic and
expiry costs nothing per key. A slice keeps when it ends, not when it begins: one that was cut under
a longer window is then kept as long as its last key needs.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from services.router.domain.contact import Contact
from services.router.domain.ruling import Refused, RefusedReason, Ruling

_SLICES = 16

Key = str
"""Contact id and release; the release has no slash, so no two pairs share a key."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Releases ruled in one slice of the window. Only the newest slice takes keys."""

    ends_ms: int
    """What is ruled from then on lies in a later slice."""
    keys: set[Key]


def key_of(contact: Contact) -> Key:
    """Return what makes a release the same release."""
    return f"{contact.contact_id}/{contact.release}"


@dataclass(slots=True)
class Seen:
    """Releases ruled within the last `window_ms` of log time, at least."""

    window_ms: int
    _slices: deque[Slice] = field(default_factory=deque)

    def __post_init__(self) -> None:
        if self.window_ms < _SLICES:
            raise ValueError(f"window_ms is {self.window_ms}; give at least {_SLICES} ms")

    def __contains__(self, key: Key) -> bool:
        # A loop, not any(): this runs once per contact, and a generator costs as much as the rest.
        for each in self._slices:  # noqa: SIM110
            if key in each.keys:
                return True
        return False

    def __len__(self) -> int:
        # A copy: metrics count from a thread of their own.
        return sum(len(each.keys) for each in tuple(self._slices))

    def slice_at(self, at_ms: int) -> set[Key]:
        """Drop what is older than the window at `at_ms`; return the keys to add to."""
        slices = self._slices
        while slices and slices[0].ends_ms + self.window_ms < at_ms:
            slices.popleft()
        if not slices or slices[-1].ends_ms <= at_ms:
            slices.append(Slice(at_ms + self.window_ms // _SLICES, set()))
        return slices[-1].keys

    def slices(self) -> Sequence[Slice]:
        """Return all slices as of now, oldest first; what is ruled later does not change them.

        Cheap: only the newest slice still takes keys, so only its keys are copied.
        """
        frozen = list(self._slices)
        if frozen:
            newest = frozen[-1]
            frozen[-1] = Slice(newest.ends_ms, newest.keys.copy())
        return frozen

    def restore_slice(self, ends_ms: int, keys: Iterable[Key]) -> None:
        """Take a slice of a snapshot, oldest first, or more keys of the one taken last.

        Raises:
            ValueError: It is older than the one taken last.
        """
        slices = self._slices
        if slices and ends_ms < slices[-1].ends_ms:
            raise ValueError("a slice ends before the one in front of it")
        if not slices or ends_ms > slices[-1].ends_ms:
            slices.append(Slice(ends_ms, set()))
        slices[-1].keys.update(keys)


def evolve(seen: Seen, rulings: Iterable[Ruling], at_ms: int) -> Seen:
    """Take the rulings of one accepted record into the state; return the state.

    In place, and the same twice as once. `at_ms` is the `at` of the record, which never falls.
    """
    seen.slice_at(at_ms).update(key_of(each.contact) for each in rulings if _is_remembered(each))
    return seen


def _is_remembered(ruling: Ruling) -> bool:
    match ruling.outcome:
        case Refused(reason=RefusedReason.DUPLICATE | RefusedReason.RELEASE_EXPIRED):
            # Both touch the arrival only: the release itself stays as it was.
            return False
        case Refused(reason=RefusedReason.INVALID_FIELD, field="contact_id" | "release"):
            # What it shows is cut to fit and could be the name of another.
            return False
        case _:
            return True

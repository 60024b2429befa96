"""The router's only state: which releases were ruled within the dedupe window (rule 3.3).

It is folded from the rulings in the log and nothing else, so a takeover knows what its
predecessor knew. Keys lie in slices of the window by the `at` of their records; a slice is dropped
whole once all of it is older than the window, so memory is bounded by the window's traffic and
expiry costs nothing per key.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from services.router.domain.contact import Contact
from services.router.domain.ruling import Refused, RefusedReason, Ruling

_SLICES = 16

Key = str
"""Contact id and release; the release has no slash, so no two pairs share a key."""


@dataclass(frozen=True, slots=True)
class _Slice:
    begins_ms: int
    keys: set[Key]


def key_of(contact: Contact) -> Key:
    """Return what makes a release the same release."""
    return f"{contact.contact_id}/{contact.release}"


@dataclass(slots=True)
class Seen:
    """Releases ruled within the last `window_ms` of log time, at least."""

    window_ms: int
    _slices: deque[_Slice] = field(default_factory=deque)

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
        width_ms = self.window_ms // _SLICES
        slices = self._slices
        while slices and slices[0].begins_ms + width_ms + self.window_ms < at_ms:
            slices.popleft()
        if not slices or slices[-1].begins_ms + width_ms <= at_ms:
            slices.append(_Slice(at_ms, set()))
        return slices[-1].keys


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

"""When a slot may take a partition (rule 1.5): a silent owner, not a slow broker."""

import enum
from collections import deque

from services.runtime.fenced_log.header import Fence, Header, SnapshotDone, Yield
from services.runtime.fenced_log.reader import Verdict

OWNER_SILENCE_MS = 3_000
ANSWER_WITHIN_MS = 1_000
_MINUTE_MS = 60_000
_DOUBLINGS_MAX = 5


class Want(enum.Enum):
    """What the watcher would do next."""

    NOTHING = "nothing"
    CLAIM = "claim"
    FENCE = "fence"


class Watch:
    """Judges one partition that this slot does not own.

    Args:
        slot: Name of this slot; its local lock is held by this process.
        preferred: Whether an ownerless partition is this slot's to take at once.
        owner_silence_ms: Silence after which an owner is taken for dead.
    """

    def __init__(self, slot: str, *, preferred: bool, owner_silence_ms: int) -> None:
        self._slot = slot
        self._preferred = preferred
        self._owner_silence_ms = owner_silence_ms
        self._reign_slot: str | None = None
        self._yielded_to: str | None = None
        """Slot that the owner named as it ended its reign, empty for any; None in a reign."""
        self._was_there = False
        """Whether this slot had heard the log's end before it read that."""
        self.has_listened = False
        """Whether this slot was at the end of the log once: what is said from then on, it hears."""
        self.placed = False
        """Whether the reign in force began because the owner before named its slot."""
        self.since_ms = 0
        """When the fence of the reign in force was appended; 0 when that is not known."""
        self._takeovers: deque[int] = deque(maxlen=_DOUBLINGS_MAX + 1)
        self._quiet_since_ms: int | None = None
        self._claimed = False
        self._own_claim_read = False
        self._newest_ms = 0

    @property
    def owner_slot(self) -> str | None:
        """Slot of the reign in force; None when nobody ever owned the partition."""
        return self._reign_slot

    @property
    def is_yielded(self) -> bool:
        """Whether the last owner has ended its reign and nobody began another yet."""
        return self._yielded_to is not None

    @property
    def takeovers(self) -> tuple[int, ...]:
        """Append times of the last takeovers from an owner that had not yielded."""
        return tuple(self._takeovers)

    def resume(self, done: SnapshotDone) -> None:
        """Go on where a snapshot was taken, in its reign."""
        self._reign_slot, self.placed, self.since_ms = done.slot, done.placed, done.since_ms
        self._takeovers.extend(done.takeovers)

    def saw(self, header: Header, verdict: Verdict, appended_at_ms: int, mono_ms: int) -> None:
        """Note a record of the partition in the order of the log."""
        self._newest_ms = max(self._newest_ms, appended_at_ms)
        if not verdict.counts:
            return  # neither wishes nor what a fence has overtaken are signs of life of the owner
        match header.control:
            case Fence(slot):
                self._began(slot, appended_at_ms)
            case Yield(to_slot):
                self._yielded_to, self._was_there = to_slot, self.has_listened
            case _:
                pass
        self._quiet_since_ms = mono_ms
        self._void_claim()

    def claim_sent(self) -> None:
        """Note that this slot has sent its claim."""
        self._claimed = True

    def own_claim_read(self) -> None:
        """Note that this slot's claim came back, with no record of the owner since it was sent."""
        self._own_claim_read = self._claimed

    def lost(self, mono_ms: int) -> None:
        """Go back to watching after a fence that came too late."""
        self._quiet_since_ms = mono_ms
        self._void_claim()

    def want(self, mono_ms: int, *, at_end: bool) -> Want:
        """Say what this slot may do now.

        Args:
            mono_ms: Now, monotonic.
            at_end: Whether a fetch answered within the last second left nothing unread; if not,
                the broker is slow or we are, and no silence can be heard.
        """
        if not at_end:
            self._quiet_since_ms = None
            return Want.NOTHING
        self.has_listened = True
        if self._quiet_since_ms is None:
            self._quiet_since_ms = mono_ms
        if self._may_begin_at_once():
            return Want.FENCE
        if mono_ms - self._quiet_since_ms < self.silence_ms():
            return Want.NOTHING
        if not self._claimed:
            return Want.CLAIM
        return Want.FENCE if self._own_claim_read else Want.NOTHING

    def silence_ms(self) -> int:
        """Return the silence demanded now: doubled by each takeover of the last minute."""
        recent = sum(1 for at in self._takeovers if self._newest_ms - at < _MINUTE_MS)
        return int(self._owner_silence_ms * 2 ** min(recent, _DOUBLINGS_MAX))

    def _may_begin_at_once(self) -> bool:
        """Tell whether no silence is asked for.

        What was yielded to any slot is for those who were there; who starts later would only take
        away what its preferred and its former slot come back for.
        """
        if self._reign_slot is None:
            return self._preferred
        if self._yielded_to:
            return self._yielded_to == self._slot
        if self.is_yielded and (self._was_there or self._preferred):
            return True
        return self._reign_slot == self._slot

    def _began(self, slot: str, appended_at_ms: int) -> None:
        if self._reign_slot not in (None, slot) and not self.is_yielded:
            self._takeovers.append(appended_at_ms)
        self.placed = self._yielded_to == slot
        self._reign_slot, self._yielded_to, self.since_ms = slot, None, appended_at_ms

    def _void_claim(self) -> None:
        self._claimed = False
        self._own_claim_read = False

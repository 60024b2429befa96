"""Move a partition, or have an input set aside: ask the owner, and watch the log."""

from dataclasses import dataclass, replace

from services.cli.domain.reigns import InputName, Reign
from services.cli.errors import NotDoneError
from services.cli.ports.ownership import Reigns, Slots
from services.cli.ports.signature import Signature

WITHIN_S = 10.0
REACH_RECORDS = 500
"""So many inputs may go into one record: who dies of the last stands before them all."""


@dataclass(frozen=True, slots=True)
class DecidersLog:
    """A log that slots of one kind write."""

    topic: str
    kind: str
    """Service whose slots own it."""
    inputs: tuple[str, ...]
    """Topics that are decided into it and can be skipped."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and how far it goes."""

    signature: Signature
    dry_run: bool
    wait: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of moving a partition."""

    before: Reign
    changed: bool = False
    after: Reign | None = None
    """Who owns it now, when somebody does whom nobody had named."""
    undecided_ms: int | None = None
    """How long nobody decided, by append times."""
    why_not: str = ""
    """A sentence; empty when it is where it should be."""


@dataclass(frozen=True, slots=True)
class MovePartitionHandler:
    """Moves a partition by asking its owner."""

    reigns: Reigns
    slots: Slots

    def __call__(self, log: DecidersLog, partition: int, to_slot: str, asking: Asking) -> Moved:
        """Do it; a partition that is there already is left alone.

        Raises:
            NotDoneError: There is no such partition, or the stack is away.
        """
        before = _reign(self.reigns, log, partition)
        why_not = self._why_not(log, before, to_slot)
        if why_not or (before.is_owned and before.slot == to_slot):
            return Moved(before, why_not=why_not)
        if asking.dry_run:
            return Moved(before, changed=True)
        self.reigns.ask_for_hand_over(log.topic, partition, to_slot, asking.signature)
        if not asking.wait:
            return Moved(before, changed=True)
        return self._watched(log, partition, to_slot, before)

    def _why_not(self, log: DecidersLog, before: Reign, to_slot: str) -> str:
        known = self.slots.of(log.kind)
        if to_slot not in known:
            return f"there is no slot {to_slot}; there are {', '.join(known) or 'none'}"
        if not before.is_owned:
            return "nobody owns it now: whoever is preferred takes it; see `seatline owners`"
        return "" if before.slot == to_slot else self.slots.why_not_ready(to_slot) or ""

    def _watched(self, log: DecidersLog, partition: int, to_slot: str, before: Reign) -> Moved:
        given_ms = fenced_ms = None
        reign = before
        for change in self.reigns.changes(log.topic, partition, WITHIN_S):
            reign = change.reign
            if reign.yielded_to is not None:
                given_ms = change.appended_ms
            elif change.is_fence:
                fenced_ms = change.appended_ms
            elif fenced_ms is not None:
                silent_ms = change.appended_ms - (given_ms or before.written_ms)
                moved = Moved(before, changed=True, after=reign, undecided_ms=silent_ms)
                is_there = reign.slot == to_slot
                return moved if is_there else replace(moved, why_not=f"{reign.slot} took it")
        return Moved(before, given_ms is not None, reign, None, _unfinished(reign, to_slot))


def _unfinished(reign: Reign, to_slot: str) -> str:
    if reign.yielded_to is not None:
        return (
            f"{reign.slot} gave it away and {to_slot} did not take it within {WITHIN_S:g} s: any "
            "slot takes it after the silence; look at the log of that slot"
        )
    return (
        f"its owner {reign.slot} did not answer within {WITHIN_S:g} s, and will not any more: "
        "look at its /livez, then repeat the command"
    )


@dataclass(frozen=True, slots=True)
class Skipped:
    """What came of skipping an input."""

    partition: int = -1
    """Of the log that says so."""
    changed: bool = False
    slot: str = ""
    """Who was asked."""
    waited: bool = False
    """Whether it was seen to be set aside."""
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class SkipHandler:
    """Has an input set aside by asking the owner that stands at it."""

    reigns: Reigns

    def __call__(self, log: DecidersLog, name: InputName, asking: Asking) -> Skipped:
        """Do it; one that is set aside already is left alone.

        Raises:
            NotDoneError: There is no such partition, or the stack is away.
        """
        end = self.reigns.end_of(name.topic, name.partition)
        if end is None:
            raise NotDoneError(f"INPUT: {name.topic} has no partition {name.partition}")
        if name.offset >= end:
            return Skipped(
                why_not=f"it is not there yet: {name.topic}/{name.partition} ends at {end}"
            )
        # Of a fenced log, each entry is decided where it was routed to.
        is_ruling = name.topic != log.inputs[0]
        partition = self.reigns.addressee(name) if is_ruling else name.partition
        if partition is None:
            return Skipped(why_not="no dispatcher decides it: it routes nothing to a centre")
        reign = _reign(self.reigns, log, partition)
        at = reign.positions.get((name.topic, name.partition), (0, 0))
        if at > name.place:
            is_dead = self.reigns.is_dead(name)
            passed = f"it is decided already: {reign.slot} stands at {at[0]}/{at[1]}"
            return Skipped(partition, why_not="" if is_dead else passed)
        if name.offset - at[0] > REACH_RECORDS:
            return Skipped(partition, why_not=_not_reached(reign, at, name))
        if not asking.dry_run:
            self.reigns.ask_for_skip(log.topic, partition, name, asking.signature)
        if asking.dry_run or not asking.wait:
            return Skipped(partition, changed=True, slot=reign.slot)
        return self._watched(log, partition, name, reign)

    def _watched(self, log: DecidersLog, partition: int, name: InputName, reign: Reign) -> Skipped:
        for change in self.reigns.changes(log.topic, partition, WITHIN_S):
            reign = change.reign
            if name in change.set_aside:
                return Skipped(partition, changed=True, slot=reign.slot, waited=True)
            at = reign.positions.get((name.topic, name.partition), (0, 0))
            if at > name.place:
                why_not = f"{reign.slot} had decided it before it read the request"
                return Skipped(partition, why_not=why_not)
        at = reign.positions.get((name.topic, name.partition), (0, 0))
        return Skipped(partition, why_not=_not_reached(reign, at, name))


def _not_reached(reign: Reign, at: tuple[int, int], name: InputName) -> str:
    return (
        f"{reign.slot or 'nobody'} is not at it: {name.topic}/{name.partition} is decided to "
        f"{at[0]}/{at[1]}. A request that was sent stands for a minute"
    )


def _reign(reigns: Reigns, log: DecidersLog, partition: int) -> Reign:
    owned = reigns.now(log.topic)
    if partition not in owned:
        raise NotDoneError(f"{log.topic} has no partition {partition}; it has 0 to {max(owned)}")
    return owned[partition]

"""How it is seen that a stack works again: signs, which hear of every record until they come.

Times are append times of the logs, by the broker's clock; it runs on this machine, as we do.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

FACTS = "seatline.facts.v1"
RULINGS = "seatline.rulings.v1"
DECISIONS = {
    FACTS: frozenset({"queued", "offered"}),
    RULINGS: frozenset({"routed", "held", "refused"}),
}
"""By log: what an owner decides that others wait for."""
GAP_MS = 1_000
"""Shorter gaps between decisions are no outage."""
FOREIGN_EVERY = 100
FOREIGN_IS = 50
"""Numbers of contacts of the load that come through intake."""
FOREIGN_AFTER_MS = 500
"""What was ruled sooner after the death of intake, it had passed on before."""

Log = tuple[str, int]
"""Topic and partition."""


@dataclass(frozen=True, slots=True)
class Reign:
    """Who owns a partition."""

    slot: str
    epoch: int
    owner: bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """A record of a fenced log that counts."""

    log: Log
    appended_at_ms: int
    reign: Reign
    kinds: frozenset[str]
    entries: Sequence[Any]

    @property
    def decides(self) -> bool:
        """Whether somebody waited for what it says."""
        return bool(self.kinds & DECISIONS[self.log[0]])


@dataclass(frozen=True, slots=True)
class Moved:
    """A recorder's position, when it was seen to have moved."""

    log: Log
    next_offset: int
    reader_epoch: int
    at_ms: int


class Sign:
    """What shows that one fault is over; hears everything that comes after it, in order."""

    def __init__(self, struck_at_ms: int) -> None:
        self.struck_at_ms = struck_at_ms
        self.healed_at_ms: int | None = None
        """When what was done was taken back; stays empty if that is not ours to do."""
        self.seconds: float | None = None
        """How long it took, once `done`; empty if nothing was touched."""
        self.done = False
        self.told = ""
        """What was seen, as a sentence."""
        self.takeover_s: list[float] = []
        """From each fence to the first decision behind it."""
        self.others_gap_s: float | None = None
        """Longest gap between two decisions where nobody was hurt."""

    def healed(self, at_ms: int) -> None:
        """Note that the harm was taken back."""
        self.healed_at_ms = at_ms

    def hear(self, heard: Heard) -> None:
        """Look at a record of rulings or facts."""

    def moved(self, moved: Moved) -> None:
        """Look at how far a recorder has come."""

    def away(self) -> None:
        """Note that Postgres did not answer just now."""

    @property
    def missing(self) -> str:
        """What has not come yet, as half a sentence."""
        raise NotImplementedError

    def _come(self, seconds: float | None, told: str) -> None:
        self.done, self.seconds, self.told = True, seconds, told


class DecidesAgain(Sign):
    """Each partition that the victim owned is decided for again, by whoever owns it then."""

    def __init__(self, topic: str, victim: str, owners: Mapping[int, Reign], at_ms: int) -> None:
        super().__init__(at_ms)
        self._topic = topic
        self._victim = victim
        self._before = dict(owners)
        self._waiting = set(owners)
        self._fenced_ms: dict[int, int] = {}
        self._again: dict[int, tuple[float, str]] = {}
        self._last_ms: dict[int, int] = {}
        """Of the partitions that are not touched."""

    @override
    def hear(self, heard: Heard) -> None:
        topic, number = heard.log
        if topic != self._topic:
            return
        if heard.appended_at_ms <= self.struck_at_ms:
            self._before[number] = heard.reign
        elif self._before[number].slot != self._victim:
            self._untouched(number, heard)
        elif number in self._waiting:
            self._touched(number, heard)
        if not self._waiting and not self.done:
            self._sum_up()

    @property
    @override
    def missing(self) -> str:
        return f"partition {_listed(self._waiting)} of {self._topic} does not decide again"

    def _untouched(self, number: int, heard: Heard) -> None:
        self._waiting.discard(number)
        if heard.decides:
            last_ms = self._last_ms.get(number, self.struck_at_ms)
            gap_s = (heard.appended_at_ms - last_ms) / 1_000
            self.others_gap_s = max(self.others_gap_s or 0.0, gap_s)
            self._last_ms[number] = heard.appended_at_ms

    def _touched(self, number: int, heard: Heard) -> None:
        goes_on = self.healed_at_ms is not None and heard.appended_at_ms > self.healed_at_ms
        if heard.reign != self._before[number]:
            self._fenced_ms.setdefault(number, heard.appended_at_ms)
        elif not goes_on:
            return  # what it had under way when it was struck
        if heard.decides:
            after_s = (heard.appended_at_ms - self.struck_at_ms) / 1_000
            self._again[number] = (after_s, heard.reign.slot)
            if number in self._fenced_ms:
                self.takeover_s.append((heard.appended_at_ms - self._fenced_ms[number]) / 1_000)
            self._waiting.discard(number)

    def _sum_up(self) -> None:
        if not self._again:
            self._come(None, f"{self._victim} owned no partition")
            return
        told = [
            f"partition {number} decided again after {after_s:.1f} s by {slot}"
            for number, (after_s, slot) in sorted(self._again.items())
        ]
        self._come(max(after_s for after_s, _ in self._again.values()), ", ".join(told))


class NoGap(Sign):
    """Rulings and facts of every partition go on, the last long gap between decisions is over."""

    def __init__(
        self, logs: Collection[Log], at_ms: int, window_s: float, *, from_heal: bool
    ) -> None:
        super().__init__(at_ms)
        self._window_ms = round(window_s * 1_000)
        self._from_ms: int | None = None if from_heal else at_ms
        self._last_ms = dict.fromkeys(logs, at_ms)
        self._longest: dict[Log, tuple[int, int]] = dict.fromkeys(logs, (0, at_ms))
        """How long, and when it ended."""
        self._waiting = set(logs)

    @override
    def healed(self, at_ms: int) -> None:
        super().healed(at_ms)
        if self._from_ms is None:
            self._from_ms = at_ms
            self._last_ms = dict.fromkeys(self._last_ms, at_ms)
            self._longest = dict.fromkeys(self._longest, (0, at_ms))

    @override
    def hear(self, heard: Heard) -> None:
        if self._from_ms is None or heard.appended_at_ms <= self._from_ms:
            return
        log = heard.log
        if heard.decides and log in self._waiting:
            gap = (heard.appended_at_ms - self._last_ms[log], heard.appended_at_ms)
            self._longest[log] = max(self._longest[log], gap)
            self._last_ms[log] = heard.appended_at_ms
        if heard.appended_at_ms >= self._from_ms + self._window_ms and heard.decides:
            self._waiting.discard(log)
        if not self._waiting and not self.done:
            self._sum_up(self._from_ms)

    @property
    @override
    def missing(self) -> str:
        return f"{_named(self._waiting)} do not go on deciding"

    def _sum_up(self, from_ms: int) -> None:
        outages = {
            log: (ended_ms - from_ms if gap_ms > GAP_MS else gap_ms) / 1_000
            for log, (gap_ms, ended_ms) in self._longest.items()
        }
        log, seconds = max(outages.items(), key=lambda outage: outage[1])
        if seconds <= GAP_MS / 1_000:
            self._come(seconds, "no partition stood still for a second")
        else:
            self._come(seconds, f"{_named([log])} was the last to go on, after {seconds:.1f} s")


class RecordsAgain(Sign):
    """Rows go on for every log that the victim records."""

    def __init__(
        self, positions: Mapping[Log, Moved], at_ms: int, *, after: str, from_heal: bool
    ) -> None:
        """Wait for rows that are written after the fault.

        Args:
            positions: The last known position of each log that is waited for.
            at_ms: When it was struck.
            after: What must come before: "claim" by a recorder's next life, "away", or "heal".
            from_heal: Whether it counts from when the harm was taken back.
        """
        super().__init__(at_ms)
        self._positions = dict(positions)
        self._waiting = set(positions)
        self._after = after
        self._from_heal = from_heal
        self._was_away = False

    @override
    def away(self) -> None:
        self._was_away = True

    @override
    def moved(self, moved: Moved) -> None:
        if moved.log not in self._waiting or not self._counts(moved):
            return
        self._waiting.discard(moved.log)
        if not self._waiting:
            seconds = (moved.at_ms - self._from_ms) / 1_000
            self._come(seconds, f"rows of every log went on after {seconds:.1f} s")

    @property
    @override
    def missing(self) -> str:
        return f"rows of {_named(self._waiting)} do not go on"

    @property
    def _from_ms(self) -> int:
        return (self.healed_at_ms or self.struck_at_ms) if self._from_heal else self.struck_at_ms

    def _counts(self, moved: Moved) -> bool:
        before = self._positions[moved.log]
        if self._after == "claim" and moved.reader_epoch == before.reader_epoch:
            self._positions[moved.log] = moved  # committed before its death, and seen behind it
            return False
        if moved.next_offset <= before.next_offset:
            return False
        if self._after == "away":
            return self._was_away
        if self._after == "heal":
            return self.healed_at_ms is not None and moved.at_ms > self.healed_at_ms
        return True


class ForeignRuled(Sign):
    """A contact that came through intake is ruled on."""

    @override
    def hear(self, heard: Heard) -> None:
        if heard.log[0] != RULINGS or self.done:
            return
        after_ms = heard.appended_at_ms - self.struck_at_ms
        if after_ms > FOREIGN_AFTER_MS and any(map(_is_foreign, heard.entries)):
            seconds = after_ms / 1_000
            self._come(seconds, f"a foreign contact was ruled on after {seconds:.1f} s")

    @property
    @override
    def missing(self) -> str:
        return "no foreign contact is ruled on"


def _is_foreign(ruling: Any) -> bool:
    number = ruling.contact.contact_id.rpartition("-")[2]
    return number.isdigit() and int(number) % FOREIGN_EVERY == FOREIGN_IS


def _listed(numbers: Collection[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))


def _named(logs: Collection[Log]) -> str:
    return ", ".join(f"{topic.split('.')[1]}/{number}" for topic, number in sorted(logs))

"""Snapshots (rule 1.8): whether each that counts is whole, and stands where it says it does."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from google.protobuf.message import DecodeError

from tests.checker import limits
from tests.checker.differing import ask_each, story
from tests.checker.fenced import Accepted, FencedLog, Point, point_of
from tests.checker.findings import About, Place, rule
from tests.checker.history import milliseconds


@dataclass(slots=True)
class Compared:
    """How much of the snapshots was compared."""

    snapshots: int = 0
    contacts: int = 0
    sessions: int = 0
    releases: int = 0
    """That a router remembers."""


class StateJudge(Protocol):
    """Knows what the chunks of one log hold."""

    def keep(self) -> Any:
        """Return what the log says just now, to be compared later."""

    def read(self, states: Sequence[bytes]) -> Any:
        """Return what chunks say.

        Raises:
            DecodeError, ValueError: They cannot be read.
        """

    def compare(self, about: About, kept: Any, told: Any) -> None:
        """Hold what a snapshot says against what the log said at its first chunk."""


class _Begun(NamedTuple):
    """A snapshot whose first chunk was read."""

    logged: dict[str, Any]
    """What `SnapshotDone` has to say."""
    kept: Any
    numbers: list[int]
    states: list[bytes]


# --- rules ---------------------------------------------------------------------------------------


@rule("1.8")
def snapshot_not_whole(chunks: int, numbers: Sequence[int], is_read: bool) -> str | None:
    """A snapshot counts with all its chunks, in order, of one reign, and they can be read."""
    if list(numbers) != list(range(chunks)) or not numbers:
        return f"of {chunks} chunks, these came in this reign: {list(numbers)}"
    return None if is_read else f"its {chunks} chunks cannot be read"


@rule("1.8, 1.2")
def snapshot_position(teller: str, name: str, logged: Any, told: Any) -> str | None:
    """A snapshot names the last record below its chunks, and positions and reign as they are."""
    return story(teller, name, logged, told)


# --- reading -------------------------------------------------------------------------------------


@dataclass(slots=True)
class Snapshots:
    """Follows one log, and judges each snapshot that counts in it when its end is read."""

    reader: FencedLog
    judge: StateJudge
    compared: Compared
    _begun: _Begun | None = None
    _inputs: dict[str, Any] = field(default_factory=dict)
    _failures: dict[str, Any] = field(default_factory=dict)
    _slot: str | None = None
    _takeovers: list[int] = field(default_factory=list)
    """Append times of the fences of another slot than the one before, which had not yielded."""
    _yielded_to: str | None = None
    _placed: bool = False
    _last: tuple[Point, int] | None = None

    def see(self, accepted: Accepted) -> None:
        """Take the next record that counts, before its entries are folded."""
        header = accepted.body.header
        for moved in header.inputs:
            self._inputs[f"{moved.topic}/{moved.partition}"] = _position(moved)
        match header.WhichOneof("control"):
            case "fence":
                self._begun = None
                self._reign(header.fence.slot, accepted.appended_at_ms)
            case "yielding":
                self._yielded_to = header.yielding.to_slot
            case "snapshot_chunk":
                self._take(header.snapshot_chunk, accepted)
            case "snapshot_done":
                self._judge(accepted, header.snapshot_done)
            case _:
                pass
        for failure in header.failures:
            self._fail(failure)
        self._last = (accepted.point, accepted.at_ms)

    def _reign(self, slot: str, appended_at_ms: int) -> None:
        if self._slot not in (None, slot) and self._yielded_to is None:
            self._takeovers.append(appended_at_ms)
        self._placed = self._yielded_to == slot
        self._slot, self._yielded_to = slot, None

    def _fail(self, failure: Any) -> None:
        if failure.set_aside:
            self._failures.pop(_failed(failure), None)
        else:
            self._failures[_failed(failure)] = (failure.attempt, failure.reason)

    def _take(self, chunk: Any, accepted: Accepted) -> None:
        if chunk.number == 0:
            recent = sum(
                accepted.appended_at_ms - at_ms < limits.TAKEOVERS_MS for at_ms in self._takeovers
            )
            logged = {
                "last record": self._last and self._last[0],
                "last record below covered": self._last and self._last[0],
                "at": self._last and self._last[1],
                "slot": self._slot,
                "placed": self._placed,
                "takeovers": (recent, tuple(self._takeovers)),
                **self._inputs,
                **self._failures,
            }
            self._begun = _Begun(logged, self.judge.keep(), [], [])
        if self._begun is not None:
            self._begun.numbers.append(chunk.number)
            self._begun.states.append(chunk.state)

    def _judge(self, accepted: Accepted, done: Any) -> None:
        begun = self._begun or _Begun({}, None, [], [])
        self._begun = None
        about = About((Place(*accepted.log, accepted.offset),))
        told = self._read(begun)
        given = (done.chunks, begun.numbers, told is not None)
        if self.reader.found.ask(snapshot_not_whole, about, *given):
            return
        says = self._told(accepted.point, done)
        accounts = (_as_many_takeovers(begun.logged, says), says)
        ask_each(self.reader.found, snapshot_position, about, accounts, "the snapshot")
        self.judge.compare(about, begun.kept, told)
        self.compared.snapshots += 1

    def _read(self, begun: _Begun) -> Any:
        try:
            return self.judge.read(begun.states)
        except (DecodeError, ValueError):
            return None

    def _told(self, point: Point, done: Any) -> dict[str, Any]:
        return {
            "last record": point._replace(seq=done.seq),
            "last record below covered": self.reader.reigns.below(done.covered),
            "at": milliseconds(done.at),
            "slot": done.slot,
            "placed": done.placed,
            "takeovers": tuple(milliseconds(at) for at in done.takeovers),
            **{f"{moved.topic}/{moved.partition}": _position(moved) for moved in done.inputs},
            **{_failed(each): (each.attempt, each.reason) for each in done.failures},
        }


def _as_many_takeovers(logged: dict[str, Any], says: dict[str, Any]) -> dict[str, Any]:
    """Ask for as many takeovers as are told, and no fewer than still count (rule 1.5)."""
    recent, takeovers = logged["takeovers"]
    count = max(min(recent, limits.TAKEOVERS_MAX), len(says["takeovers"]))
    return {**logged, "takeovers": takeovers[max(0, len(takeovers) - count) :]}


def _position(moved: Any) -> tuple[int, int, Point | None]:
    point = point_of(moved.fence) if moved.HasField("fence") else None
    return (moved.offset, moved.index, point)


def _failed(failure: Any) -> str:
    return f"failed {failure.topic}/{failure.partition}@{failure.offset}[{failure.index}]"

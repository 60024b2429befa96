"""The reader rule (1.4), and what every record of a fenced log must be (1.1, 1.2, 2.4)."""

from bisect import bisect_left
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from google.protobuf.unknown_fields import UnknownFieldSet

from seatline.log.v1 import log_pb2
from tests.checker import limits
from tests.checker.findings import About, Findings, Place, rule
from tests.checker.history import CannotCheckError, History, Log, Record, headed, milliseconds


class Point(NamedTuple):
    """Place of a record within the reigns over its log."""

    epoch: int
    owner: bytes
    seq: int


WITHOUT_AUTHORITY = ("claim", "request")
"""What anybody may write at any time."""
Position = tuple[int, int]
"""The next thing to decide in an input: offset, and entry in the record there."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A record that counts."""

    log: Log
    offset: int
    appended_at_ms: int
    point: Point
    at_ms: int
    is_fence: bool
    body: Any
    """The whole record."""
    before: dict[Log, Position]
    """Positions before this record, of the inputs that moved with it."""

    def place(self, entry: int = 0) -> Place:
        """Name an entry of this record."""
        return Place(self.log[0], self.log[1], self.offset, entry)


def point_of(message: Any) -> Point:
    """Return epoch, owner and seq of a header, or of a fence point."""
    return Point(message.epoch, message.owner, message.seq)


def _shown(point: Point | None) -> str:
    return "nothing" if point is None else f"epoch {point.epoch} seq {point.seq}"


# --- rules ---------------------------------------------------------------------------------------


@rule("1.4")
def log_gap(last: Point | None, now: Point, is_fence: bool) -> str | None:
    """No seq is skipped, and no reign begins without its fence."""
    if last is not None and now.epoch == last.epoch:
        if now.seq == last.seq + 1:
            return None
        return f"seq {now.seq} follows {last.seq} in epoch {now.epoch}: records are missing"
    if not is_fence or now.seq != 0:
        return f"epoch {now.epoch} begins with seq {now.seq} and without its fence"
    if last is None and now.epoch != 1:
        return f"the log begins with epoch {now.epoch}: what came before is gone"
    return None


@rule("1.11")
def reign_goes_on(last: Point | None, now: Point, is_yielded: bool) -> str | None:
    """Nothing of a reign follows the record by which its owner ended it."""
    if last is None or not is_yielded or (now.epoch, now.owner) != (last.epoch, last.owner):
        return None
    return f"seq {now.seq} of epoch {now.epoch} stands behind the end of that reign"


@rule("2.4")
def time_falls(last_ms: int, now_ms: int) -> str | None:
    """The writer's broker time never falls within a partition."""
    return None if now_ms >= last_ms else f"`at` falls by {last_ms - now_ms} ms"


@rule("1.1")
def record_too_large(entries: int, size: int) -> str | None:
    """A record holds at most 500 entries and 256 kB."""
    if entries <= limits.ENTRIES_MAX and size <= limits.BYTES_MAX + limits.HEADER_MAX:
        return None
    return f"{entries} entries, {size} bytes"


@rule("1.2")
def fence_with_content(entries: int, positions: int) -> str | None:
    """A fence holds no entries and moves no inputs."""
    if not entries and not positions:
        return None
    return f"a fence with {entries} entries and {positions} positions"


@rule("1.2")
def position_falls(name: str, before: Position, now: Position) -> str | None:
    """State and position move together: no input is decided twice."""
    return None if now >= before else f"{name} goes back from {before} to {now}"


@rule("1.2")
def position_without_fence(name: str, named: Point | None, accepted: Point | None) -> str | None:
    """The position of a fenced input names the last record accepted below it."""
    if named == accepted:
        return None
    return f"{name} is named with {_shown(named)}, and the last record below is {_shown(accepted)}"


@rule("1.9")
def set_aside_without_letter(topic: str, partition: int, has_letter: bool) -> str | None:
    """An input that is given up has its dead letter before that is written."""
    return None if has_letter else f"{topic}/{partition} was set aside, and no letter tells of it"


@rule("1.2")
def position_ahead(name: str, now: Position, end: int) -> str | None:
    """Nothing is decided that is not in the log."""
    is_within = now[0] < end or now == (end, 0)
    return None if is_within else f"{name} is decided to {now}, and ends at {end}"


# --- reading -------------------------------------------------------------------------------------


class Reigns:
    """Which records of a fenced log count, to be asked by offset."""

    def __init__(self) -> None:
        self._offsets: list[int] = []
        self._points: list[Point] = []

    def add(self, offset: int, point: Point) -> None:
        """Note a record that counts."""
        self._offsets.append(offset)
        self._points.append(point)

    def below(self, offset: int) -> Point | None:
        """Return the last record that counts below an offset."""
        number = bisect_left(self._offsets, offset)
        return self._points[number - 1] if number else None


@dataclass(slots=True)
class FencedLog:
    """Reads one fenced log by the reader rule, and holds every record of it to the rules."""

    history: History
    log: Log
    message: Any
    entries: str
    """Field of the record that holds its entries."""
    found: Findings
    letters: Container[tuple[Log, Position]] = ()
    """Inputs that dead letters tell of."""
    reigns_of: Mapping[Log, Reigns] = field(default_factory=dict)
    """Of the fenced inputs."""
    reigns: Reigns = field(default_factory=Reigns)
    at_ms: int = 0
    positions: dict[Log, Position] = field(default_factory=dict)
    set_aside: set[tuple[Log, Position]] = field(default_factory=set)
    """Inputs that were given up for good (rule 1.9)."""
    is_whole: bool = True
    """Whether no gap ended the reading."""

    def __iter__(self) -> Iterator[Accepted]:
        """Yield the records that count; stop at a gap, as every reader must.

        Raises:
            CannotCheckError: A record cannot be read, asks for a newer reader, or the oldest ones
                are gone.
        """
        last: Point | None = None
        is_yielded = False
        for number, record in enumerate(self.history.records(self.log)):
            if number == 0 and record.offset > 0:
                oldest = Place(*self.log, record.offset)
                raise CannotCheckError(f"{oldest} is the oldest record kept: the log was cut")
            body = headed(self.message, record, self.log)
            header = body.header
            now = point_of(header)
            if header.WhichOneof("control") in WITHOUT_AUTHORITY or _is_overtaken(last, now):
                continue
            place = Place(*self.log, record.offset)
            is_fence = header.HasField("fence")
            if is_fence and header.fence.min_reader_version > limits.READER_VERSION:
                raise CannotCheckError(f"{place}: it asks for a newer reader: upgrade the checker")
            if len(UnknownFieldSet(header)):
                raise CannotCheckError(f"{place}: a header of a newer kind: upgrade the checker")
            if self.found.ask(log_gap, About((place,)), last, now, is_fence):
                self.is_whole = False
                return
            self.found.ask(reign_goes_on, About((place,)), last, now, is_yielded)
            last, is_yielded = now, header.HasField("yielding")
            self.reigns.add(record.offset, now)
            yield self._accepted(record, body, now, is_fence)

    def _accepted(self, record: Record, body: Any, now: Point, is_fence: bool) -> Accepted:
        about = About((Place(*self.log, record.offset),))
        at_ms = milliseconds(body.header.at)
        count = len(getattr(body, self.entries))
        self.found.ask(record_too_large, about, count, len(record.value))
        if is_fence:
            self.found.ask(fence_with_content, about, count, len(body.header.inputs))
        else:
            # A fence bears the time up to which its writer had read.
            self.found.ask(time_falls, about, self.at_ms, at_ms)
        self.at_ms = max(self.at_ms, at_ms)
        before = self._move(body.header, about)
        self._give_up(body.header, about)
        when = (record.appended_at_ms, now, self.at_ms)
        return Accepted(self.log, record.offset, *when, is_fence, body, before)

    def _move(self, header: log_pb2.Header, about: About) -> dict[Log, Position]:
        before = {}
        for moved in header.inputs:
            log, now = (moved.topic, moved.partition), (moved.offset, moved.index)
            name = f"{log[0]}/{log[1]}"
            before[log] = self.positions.get(log, (0, 0))
            self.found.ask(position_falls, about, name, before[log], now)
            self.found.ask(position_ahead, about, name, now, self.history.end(log))
            if log in self.reigns_of:
                named = point_of(moved.fence) if moved.HasField("fence") else None
                below = self.reigns_of[log].below(moved.offset)
                self.found.ask(position_without_fence, about, name, named, below)
            self.positions[log] = now
        return before

    def _give_up(self, header: log_pb2.Header, about: About) -> None:
        for failure in header.failures:
            if failure.set_aside:
                log, place = (failure.topic, failure.partition), (failure.offset, failure.index)
                self.set_aside.add((log, place))
                told = (log, place) in self.letters
                self.found.ask(set_aside_without_letter, about, *log, told)


def _is_overtaken(last: Point | None, now: Point) -> bool:
    if last is None or now.epoch > last.epoch:
        return False
    return now.epoch < last.epoch or now.owner != last.owner or now.seq <= last.seq

"""The deciders' logs, read for who owns them, and asked for a change of that."""

import secrets
from collections.abc import Iterator, Mapping

from seatline.log.v1 import log_pb2
from seatline.rulings.v1 import rulings_pb2
from services.cli.adapters.dead_log import letters_and_deeds
from services.cli.adapters.fenced import header_of, just_before
from services.cli.adapters.log_book import Bounds, LogBook
from services.cli.adapters.topics import RULINGS
from services.cli.domain.dead import Letter
from services.cli.domain.reigns import InputName, InputPlace, Reign
from services.cli.errors import NotDoneError
from services.cli.ports.ownership import Change
from services.cli.ports.signature import Signature
from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.header import (
    Fence,
    FencePoint,
    Header,
    Inputs,
    SnapshotDone,
    Yield,
    to_proto,
)
from services.runtime.fenced_log.reader import FencedReader, LogGapError
from services.runtime.fenced_log.wishes import HandOver, Request, Skip
from services.runtime.log_port import Arrived

WIDTH = 5_000
"""Records looked at first; twice what lies between two snapshots."""
_WIDER = 4
_OWNER_BYTES = 16


class BeganAmidError(NotDoneError):
    """Nobody can tell from here on who owns a partition: by what stands further back."""


class Tail:
    """One partition, folded from somewhere on to who owns it."""

    def __init__(self, topic: str, partition: int, start: int) -> None:
        self.is_whole = start == 0
        """Whether all positions are known: from the log's beginning, or from a snapshot on."""
        self.slot = ""
        self.since_ms: int | None = None
        self.log_time_ms = self.written_ms = 0
        self.takeovers_ms: list[int] = []
        self.yielded_to: str | None = None
        self.next_offset = start
        self.positions: dict[tuple[str, int], InputPlace] = {}
        self._reader = FencedReader(f"{topic}/{partition}")
        self._start = start

    @property
    def epoch(self) -> int:
        """Epoch in force."""
        return self._reader.point.epoch if self._reader.point else 0

    def take(self, arrived: Arrived) -> Header | None:
        """Take the next record; return its header when it counts.

        Raises:
            BeganAmidError: A record is missing that may lie before all that was read.
            NotDoneError: It cannot be read, or records are missing.
        """
        self.next_offset = arrived.offset + 1
        header = header_of(arrived)
        if self._reader.point is None and self._start:
            self._reader.point = just_before(header)
        try:
            counts = self._reader.accept(header).counts
        except LogGapError as error:
            raise (BeganAmidError if self._start else NotDoneError)(str(error)) from error
        except PromiseBrokenError as error:
            raise NotDoneError(str(error)) from error
        if not counts:
            return None
        self.log_time_ms = max(self.log_time_ms, header.at_ms)
        self.written_ms = arrived.appended_at_ms
        self._place(header.inputs)
        self._control(header, arrived.appended_at_ms)
        return header

    def reign(self) -> Reign:
        """Return what is known now."""
        return Reign(
            self.slot,
            self.epoch,
            self.since_ms,
            self.next_offset,
            self.log_time_ms,
            self.written_ms,
            tuple(self.takeovers_ms),
            self.yielded_to,
            dict(self.positions),
        )

    def _control(self, header: Header, appended_at_ms: int) -> None:
        match header.control:
            case Fence(slot):
                if self.slot not in ("", slot) and self.yielded_to is None:
                    self.takeovers_ms.append(appended_at_ms)
                self.slot, self.since_ms, self.yielded_to = slot, appended_at_ms, None
            case Yield(to_slot):
                self.yielded_to = to_slot
            case SnapshotDone() as done:
                if not self.slot:
                    self.slot, self.since_ms = done.slot, done.since_ms or None
                    self.takeovers_ms = list(done.takeovers)
                self._place(done.inputs)
                self.is_whole = True
            case _:
                pass

    def _place(self, inputs: Inputs) -> None:
        for topic, number, position in inputs:
            before = self.positions.get((topic, number), (0, 0))
            # A snapshot says where they stood below it.
            self.positions[topic, number] = max(before, (position.offset, position.index))


class KafkaReigns:
    """Reads ends of logs, and appends requests to them."""

    def __init__(self, book: LogBook) -> None:
        self._book = book
        self._tails: dict[tuple[str, int], Tail] = {}

    def now(self, log: str) -> Mapping[int, Reign]:
        """Return who owns each partition of a log; see `Reigns.now`."""
        ends = {number: bounds.end for number, bounds in self._book.bounds(log).items()}
        missing, width = dict(ends), WIDTH
        while missing:
            starts = {number: max(0, end - width) for number, end in missing.items()}
            tails = {n: Tail(log, n, start) for n, start in starts.items()}
            ranges = {n: Bounds(starts[n], end) for n, end in missing.items()}
            amid: set[int] = set()
            for arrived in self._book.read(log, ranges):
                if arrived.partition not in amid:
                    try:
                        tails[arrived.partition].take(arrived)
                    except BeganAmidError:
                        amid.add(arrived.partition)
            self._tails |= {(log, number): tail for number, tail in tails.items()}
            missing = {n: end for n, end in missing.items() if n in amid or not tails[n].is_whole}
            width *= _WIDER
        return {number: self._tails[log, number].reign() for number in sorted(ends)}

    def ask_for_hand_over(
        self, log: str, partition: int, to_slot: str, signature: Signature
    ) -> None:
        """Append a request; see `Reigns.ask_for_hand_over`."""
        self._ask(log, partition, Request(signature.by, signature.why, HandOver(to_slot)))

    def ask_for_skip(self, log: str, partition: int, name: InputName, signature: Signature) -> None:
        """Append a request; see `Reigns.ask_for_skip`."""
        skip = Skip(name.topic, name.partition, name.offset, name.index)
        self._ask(log, partition, Request(signature.by, signature.why, skip))

    def changes(self, log: str, partition: int, within_s: float) -> Iterator[Change]:
        """Yield what counts from what `now` read on; see `Reigns.changes`."""
        tail = self._tails[log, partition]
        for arrived in self._book.follow(log, {partition: tail.next_offset}, within_s):
            header = tail.take(arrived)
            if header is not None:
                is_fence = isinstance(header.control, Fence)
                aside = {
                    InputName(f.topic, f.partition, f.offset, f.index)
                    for f in header.failures
                    if f.set_aside
                }
                yield Change(tail.reign(), arrived.appended_at_ms, is_fence, frozenset(aside))

    def end_of(self, topic: str, partition: int) -> int | None:
        """Return where an input ends; see `Reigns.end_of`."""
        bounds = self._book.bounds(topic).get(partition)
        return None if bounds is None else bounds.end

    def addressee(self, name: InputName) -> int | None:
        """Return the partition of the facts that decides a ruling; see `Reigns.addressee`."""
        only = {name.partition: Bounds(name.offset, name.offset + 1)}
        for arrived in self._book.read(RULINGS, only):
            rulings = rulings_pb2.RulingRecord.FromString(arrived.value).rulings
            if name.index < len(rulings) and rulings[name.index].HasField("routed"):
                return int(rulings[name.index].routed.partition)
        return None

    def is_dead(self, name: InputName) -> bool:
        """Tell whether an input has a dead letter; see `Reigns.is_dead`."""
        return any(
            isinstance(letter, Letter) and InputName(*letter.input) == name
            for letter in letters_and_deeds(self._book)
        )

    def _ask(self, log: str, partition: int, request: Request) -> None:
        # The log's time as it was read: a later record must not seem to go back behind it.
        at_ms = self._tails[log, partition].log_time_ms
        header = Header(FencePoint(0, secrets.token_bytes(_OWNER_BYTES), 0), at_ms, (), request)
        envelope = log_pb2.Envelope(header=to_proto(header))
        self._book.append(log, b"", envelope.SerializeToString(), partition)

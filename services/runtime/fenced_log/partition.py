"""One partition of a fenced log as one slot sees it: followed, claimed, fenced, or owned."""

from collections.abc import Callable, Sequence
from typing import Generic

from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.broker_time import BrokerTime
from services.runtime.fenced_log.core import Codec, Core, Entry, Item
from services.runtime.fenced_log.coverage import Coverage
from services.runtime.fenced_log.decided import Decided
from services.runtime.fenced_log.header import (
    Claim,
    Failure,
    Fence,
    FencePoint,
    Header,
    SnapshotChunk,
    SnapshotDone,
    Yield,
)
from services.runtime.fenced_log.reader import FencedReader, Verdict
from services.runtime.fenced_log.requests import Requests
from services.runtime.fenced_log.role import Reading, Role, Send, Sending
from services.runtime.fenced_log.watch import ANSWER_WITHIN_MS, Want, Watch
from services.runtime.fenced_log.wishes import Request
from services.runtime.log_port import Arrived, SendError, Sent

HEARTBEAT_MS = 900
OWNER_BYTES = 16
Tp = tuple[str, int]


class Partition(Generic[Item, Entry]):
    """Folds the log, keeps the positions, and appends one record at a time.

    A record is settled when every reader accepts it, whatever comes later: when it is acknowledged
    right behind what was read or settled, as no fence can stand in between, or else when it is read
    back. State runs ahead of it by that one record, and nobody is told before.
    """

    def __init__(
        self,
        tp: Tp,
        slot: str,
        core: Core[Item, Entry],
        codec: Codec[Item, Entry],
        watch: Watch,
    ) -> None:
        self.tp = tp
        self.slot = slot
        self.core = core
        self.watch = watch
        self.role = Role.FOLLOWING
        self.time = BrokerTime()
        self.decided = Decided()
        self.requests = Requests()
        self.log_time_ms = 0
        self._coverage = Coverage()
        self._codec = codec
        self._reader = FencedReader(f"{tp[0]}/{tp[1]}")
        self._sending: Sending | None = None
        self._next_offset = 0
        """Behind all that was read or settled of the log."""
        self._owner = b""
        self._written_ms = 0

    @property
    def number(self) -> int:
        """Partition number."""
        return self.tp[1]

    @property
    def epoch(self) -> int:
        """Epoch in force."""
        return self._reader.point.epoch if self._reader.point else 0

    @property
    def hears(self) -> bool:
        """True when this slot owns the partition, or was at its end: no yield escapes it then."""
        return self.role is Role.OWNING or self.watch.has_listened

    @property
    def may_write(self) -> bool:
        """True when this slot owns the partition and no record is under way."""
        return self.role is Role.OWNING and self._sending is None

    def wants_snapshot(self, every: int) -> bool:
        """Tell whether a snapshot is due, `every` records behind the last one at the earliest."""
        return self._coverage.is_due(self._next_offset, every)

    def stands_at(self) -> tuple[FencePoint | None, int]:
        """Return the last record that counts, and the offset behind what was read or settled."""
        return self._reader.point, self._next_offset

    def read(self, arrived: Arrived, reading: Reading) -> Role:
        """Take the next record of the own log; return the role after it."""
        if arrived.offset < self._next_offset:
            return self.role  # settled when it was acknowledged
        self._next_offset = arrived.offset + 1
        # An owner knows the positions: it wrote them.
        decode = self._codec.brief if self.role is Role.OWNING else self._codec.header
        header = decode(arrived.value)
        verdict = self._reader.accept(header)
        self.watch.saw(header, verdict, arrived.appended_at_ms, reading.mono_ms)
        if isinstance(header.control, Request):  # judged by the time as it was known before
            owning, expected_ms = self.role is Role.OWNING, self.time.stamp_ms(reading.mono_ms)
            self.requests.saw(header.control, arrived.appended_at_ms, expected_ms, owning=owning)
        self.time.observe(arrived.appended_at_ms, header.at_ms, reading.mono_ms)
        if isinstance(header.control, Claim):
            self._read_claim(header, reading)
        elif not verdict.counts:
            self._read_overtaken(header, reading)
        elif self.role is Role.OWNING and header.point.owner == self._owner:
            self._settled(header, len(arrived.value), reading)
        elif self.role is Role.OWNING:
            self._step_down(reading)
        else:
            self._follow(arrived, header, reading)
        return self.role

    def _read_claim(self, header: Header, reading: Reading) -> None:
        if header.point.owner == self._owner and self.role is Role.CLAIMING:
            self._claim_came_back(reading)
        elif self.role is Role.OWNING:
            self._written_ms = -HEARTBEAT_MS  # speak at once: any record of the owner voids a claim

    def _claim_came_back(self, reading: Reading) -> None:
        slow = self._sending is None or reading.mono_ms - self._sending.since_ms > ANSWER_WITHIN_MS
        self._sending = None
        self.role = Role.FOLLOWING
        if slow:
            self.watch.lost(reading.mono_ms)  # a slow broker tells nothing of the owner (rule 1.5)
        else:
            self.watch.own_claim_read()

    def _read_overtaken(self, header: Header, reading: Reading) -> None:
        if self.role is Role.FENCING and header.point.owner == self._owner:
            self._step_down(reading)  # an earlier fence won

    def _settled(self, header: Header, size: int, reading: Reading) -> None:
        if self._sending is None or header.point != self._sending.header.point:
            raise PromiseBrokenError(
                f"{self._name}: read back seq {header.point.seq} that was not under way"
            )
        self._sending = None
        self._note(header, size)
        if isinstance(header.control, Yield):
            self._step_down(reading)  # nothing is under way: the state is the fold of the log

    def _note(self, header: Header, size: int) -> None:
        self.log_time_ms = max(self.log_time_ms, header.at_ms)
        self._coverage.count(header, size)

    def _follow(self, arrived: Arrived, header: Header, reading: Reading) -> None:
        self._note(header, len(arrived.value))
        self.decided.read(header.inputs, header.failures)
        self.core.evolve(self._codec.entries(arrived.value), header.at_ms)
        if header.point.owner == self._owner and self.role is Role.FENCING:
            if self._sending is not None:
                self._sending.check_clock(self._name, arrived.appended_at_ms, reading)
            self._sending = None
            self.role = Role.OWNING

    def _step_down(self, reading: Reading) -> None:
        self._sending = None
        self.requests.forget_hand_over()
        self._owner = b""
        self.role = Role.FOLLOWING
        self.watch.lost(reading.mono_ms)

    def seek_ownership(
        self, reading: Reading, owner: Callable[[], bytes], send: Send, *, at_end: bool
    ) -> None:
        """Claim or fence the partition when the watch allows it."""
        self.check_sending(reading.mono_ms, at_end=at_end)
        if self.role is not Role.FOLLOWING:
            return
        match self.watch.want(reading.mono_ms, at_end=at_end):
            case Want.CLAIM:
                self._begin(Role.CLAIMING, owner(), Claim(self.slot), reading, send)
                self.watch.claim_sent()
            case Want.FENCE:
                self._begin(Role.FENCING, owner(), Fence(self.slot), reading, send)
            case Want.NOTHING:
                pass

    def _begin(
        self, role: Role, owner: bytes, control: Fence | Claim, reading: Reading, send: Send
    ) -> None:
        self.role = role
        self._owner = owner
        epoch = self.epoch + 1 if role is Role.FENCING else 0
        # No positions: records that this slot has yet to read may stand before its fence.
        header = Header(FencePoint(epoch, owner, 0), self.log_time_ms, control=control)
        self._send(header, (), reading, send)

    def write(
        self,
        entries: Sequence[Entry],
        failures: tuple[Failure, ...],
        at_ms: int,
        reading: Reading,
        send: Send,
    ) -> bool:
        """Append what was decided and evolved, or a heartbeat when due; return True if it did."""
        silent_ms = reading.mono_ms - self._written_ms
        if not entries and not failures and silent_ms < HEARTBEAT_MS:
            return False
        self._append(max(at_ms, self.log_time_ms), reading, send, entries, failures)
        return True

    def write_control(
        self, control: SnapshotChunk | SnapshotDone | Yield, reading: Reading, send: Send
    ) -> None:
        """Append a record of a snapshot, or the end of this reign, which is so once settled."""
        self._append(self.log_time_ms, reading, send, control=control)

    def ask(self, request: Request, owner: bytes, send: Send) -> None:
        """Append a request to whoever owns this; what becomes of it is not waited for."""
        header = Header(FencePoint(0, owner, 0), self.log_time_ms, control=request)
        send(self._codec.record(header, ()), lambda *_: None)

    def cover(self) -> SnapshotDone:
        """Return what a snapshot of the state as it is now has to say; its next record is chunk 0.

        That record names every input that moved: a fold up to it has the same positions.
        """
        point, covered = self.stands_at()
        if point is None or not self.may_write:
            raise PromiseBrokenError(f"{self._name}: a snapshot of what is not settled")
        return SnapshotDone(
            covered=covered,
            seq=point.seq,
            chunks=0,
            at_ms=self.log_time_ms,
            inputs=self.decided.whole(),
            failures=tuple(self.decided.failures.values()),
            slot=self.slot,
            takeovers=self.watch.takeovers,
            placed=self.watch.placed,
            since_ms=self.watch.since_ms,
        )

    def load(self, point: FencePoint, done: SnapshotDone, size: int) -> None:
        """Go on behind what a snapshot of so many bytes covers, whose state the core was given."""
        self._reader.point = point
        self._next_offset = done.covered
        self._coverage.load(done.covered, size)
        self.log_time_ms = done.at_ms
        self.decided.read(done.inputs, done.failures)
        self.watch.resume(done)

    def _next_point(self) -> FencePoint:
        point = self._reader.point
        if point is None or not self.may_write:
            raise PromiseBrokenError(f"{self._name}: writing without owning")
        return FencePoint(point.epoch, point.owner, point.seq + 1)

    def _append(
        self,
        at_ms: int,
        reading: Reading,
        send: Send,
        entries: Sequence[Entry] = (),
        failures: tuple[Failure, ...] = (),
        control: SnapshotChunk | SnapshotDone | Yield | None = None,
    ) -> None:
        point = self._next_point()
        self.decided.note(failures)
        self._written_ms = reading.mono_ms
        inputs = self.decided.moved(reading.mono_ms)
        self._send(Header(point, at_ms, inputs, control, failures), entries, reading, send)

    def _send(self, header: Header, entries: Sequence[Entry], reading: Reading, send: Send) -> None:
        value = self._codec.record(header, entries)
        sending = Sending(header, len(value), reading.mono_ms, reading.wall_ms)
        self._sending = sending
        send(value, lambda result, then: self._on_sent(sending, result, then))

    def _on_sent(self, sending: Sending, result: Sent | SendError, reading: Reading) -> None:
        if self._sending is None:
            return  # read back before, or the partition was lost
        if isinstance(result, SendError):
            raise PromiseBrokenError(
                f"{self._name}: a record was not acknowledged ({result.reason}); whether it is in "
                "the log is unknown, so this process ends (rule 1.10)"
            )
        if self._sending is sending and self.role is Role.OWNING:
            self._acknowledged(sending, result, reading)

    def _acknowledged(self, sending: Sending, sent: Sent, reading: Reading) -> None:
        if sent.offset != self._next_offset or sent.appended_at_ms is None:
            return  # something stands before it: what it is decides, so it has to be read
        self._next_offset = sent.offset + 1
        self._reader.accept(sending.header)
        self.time.observe(sent.appended_at_ms, sending.header.at_ms, reading.mono_ms)
        self.watch.saw(sending.header, Verdict.ACCEPTED, sent.appended_at_ms, reading.mono_ms)
        self._settled(sending.header, sending.size, reading)

    def check_sending(self, mono_ms: int, *, at_end: bool) -> None:
        """Stop when the record under way did not come back in time.

        Args:
            mono_ms: Now, monotonic.
            at_end: Whether the log was read to its end just now. A process that was paused has
                first to read what came meanwhile: a higher fence costs it the partition only.

        Raises:
            PromiseBrokenError: Nobody can tell whether it is in the log.
        """
        if self._sending is not None:
            self._sending.check_age(self._name, mono_ms, at_end=at_end)

    @property
    def _name(self) -> str:
        return f"{self.tp[0]}/{self.tp[1]}"

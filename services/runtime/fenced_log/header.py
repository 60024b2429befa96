"""The header of a record, as plain values (rules 1.1 to 1.3)."""

from dataclasses import dataclass
from typing import assert_never

from google.protobuf.unknown_fields import UnknownFieldSet

from seatline.log.v1 import log_pb2
from services.runtime.fenced_log.wishes import Request, put_request, request_of

READER_VERSION = 1
"""What this code can read; a fence or a snapshot that asks for more stops it (rule 1.9)."""
WRITES_FOR_VERSION = 1
"""Lowest version of a reader that understands all that this code writes. It rises a release after
`READER_VERSION` did: until then the release before can take over again (`docs/upgrade.md`)."""


@dataclass(frozen=True, slots=True)
class FencePoint:
    """Place of an accepted record: who wrote it under which reign."""

    epoch: int
    owner: bytes
    seq: int


@dataclass(frozen=True, slots=True)
class Position:
    """The next thing to decide in an input partition."""

    offset: int
    index: int = 0
    """Entries of the record at `offset` that are decided already."""
    point: FencePoint | None = None
    """For a fenced input: the last record accepted there."""


Inputs = tuple[tuple[str, int, Position], ...]
"""Topic and partition of each, and what is to be decided next there."""


@dataclass(frozen=True, slots=True)
class Fence:
    """Starts a reign."""

    slot: str
    min_reader_version: int = WRITES_FOR_VERSION


@dataclass(frozen=True, slots=True)
class Claim:
    """Announces interest in a silent partition; has no authority."""

    slot: str


@dataclass(frozen=True, slots=True)
class Yield:
    """Ends a reign by its owner's will."""

    to_slot: str
    """Slot that may fence at once; empty for any that hears it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt to decide an input that failed (rule 1.9)."""

    topic: str
    partition: int
    offset: int
    index: int
    attempt: int
    set_aside: bool
    reason: str


@dataclass(frozen=True, slots=True)
class SnapshotChunk:
    """Part of an owner's state; means nothing before its `SnapshotDone`."""

    number: int
    state: bytes


@dataclass(frozen=True, slots=True)
class SnapshotDone:
    """Makes the chunks before it count (rule 1.8), with what else a fold keeps."""

    covered: int
    """Offset behind the last record that the state holds; the chunks lie above it."""
    seq: int
    """Of that last record, under the same epoch and owner."""
    chunks: int
    at_ms: int
    """Log time behind that last record."""
    inputs: Inputs
    failures: tuple[Failure, ...]
    slot: str
    takeovers: tuple[int, ...]
    """Append times of the last ones, for the damping of the next."""
    placed: bool = False
    """Whether a former owner gave the partition to this slot by name."""
    since_ms: int = 0
    """When the fence of this reign was appended; 0 in snapshots of older writers."""
    min_reader_version: int = WRITES_FOR_VERSION


Control = Fence | Claim | SnapshotChunk | SnapshotDone | Request | Yield
WITHOUT_AUTHORITY = (Claim, Request)
"""What anybody may write at any time: readers pass over it."""


@dataclass(frozen=True, slots=True)
class Header:
    """First field of every record of a fenced log."""

    point: FencePoint
    at_ms: int
    inputs: Inputs = ()
    control: Control | None = None
    failures: tuple[Failure, ...] = ()
    unknown_fields: tuple[int, ...] = ()
    """Numbers of what a newer writer put there: only of a record that was read."""


def to_proto(header: Header) -> log_pb2.Header:
    """Return the wire form."""
    message = log_pb2.Header(
        epoch=header.point.epoch, owner=header.point.owner, seq=header.point.seq
    )
    message.at.seconds, ms = divmod(header.at_ms, 1000)
    message.at.nanos = ms * 1_000_000
    _put_progress(message, header)
    if header.control is not None:
        _put_control(message, header.control)
    return message


def _put_control(message: log_pb2.Header, control: Control) -> None:
    match control:
        case Fence(slot, version):
            message.fence.slot, message.fence.min_reader_version = slot, version
        case Claim(slot):
            message.claim.slot = slot
        case SnapshotChunk(number, state):
            message.snapshot_chunk.number, message.snapshot_chunk.state = number, state
        case SnapshotDone():
            _put_done(message.snapshot_done, control)
        case Request():
            put_request(message.request, control)
        case Yield(slot):
            message.yielding.to_slot = slot
        case _:
            assert_never(control)


def _put_done(message: log_pb2.SnapshotDone, done: SnapshotDone) -> None:
    message.covered, message.seq, message.chunks = done.covered, done.seq, done.chunks
    message.slot, message.placed = done.slot, done.placed
    message.min_reader_version = done.min_reader_version
    message.at.FromMilliseconds(done.at_ms)
    message.since.FromMilliseconds(done.since_ms)
    _put_progress(message, done)
    for at_ms in done.takeovers:
        message.takeovers.add().FromMilliseconds(at_ms)


def _put_progress(
    message: log_pb2.Header | log_pb2.SnapshotDone, source: Header | SnapshotDone
) -> None:
    for topic, partition, position in source.inputs:
        entry = message.inputs.add(
            topic=topic, partition=partition, offset=position.offset, index=position.index
        )
        point = position.point
        if point is not None:
            fence = entry.fence
            fence.epoch, fence.owner, fence.seq = point.epoch, point.owner, point.seq
    for failure in source.failures:
        message.failures.add(
            topic=failure.topic,
            partition=failure.partition,
            offset=failure.offset,
            index=failure.index,
            attempt=failure.attempt,
            set_aside=failure.set_aside,
            reason=failure.reason,
        )


def from_proto(message: log_pb2.Header) -> Header:
    """Return the plain values of a wire header."""
    return Header(
        point=FencePoint(message.epoch, message.owner, message.seq),
        at_ms=message.at.seconds * 1000 + message.at.nanos // 1_000_000,
        inputs=tuple((i.topic, i.partition, _position(i)) for i in message.inputs),
        control=_control(message),
        failures=tuple(_failure(f) for f in message.failures),
        unknown_fields=_unknown_fields(message),
    )


def brief(message: log_pb2.Header) -> Header:
    """Return what the reader rule needs of a wire header: no positions, no failures."""
    return Header(
        point=FencePoint(message.epoch, message.owner, message.seq),
        at_ms=message.at.seconds * 1000 + message.at.nanos // 1_000_000,
        control=_control(message),
        unknown_fields=_unknown_fields(message),
    )


def _unknown_fields(message: log_pb2.Header) -> tuple[int, ...]:
    unknown = UnknownFieldSet(message)
    count = len(unknown)
    return tuple(unknown[at].field_number for at in range(count)) if count else ()


def _control(message: log_pb2.Header) -> Control | None:
    control: Control | None = None
    match message.WhichOneof("control"):
        case "fence":
            control = Fence(message.fence.slot, message.fence.min_reader_version)
        case "claim":
            control = Claim(message.claim.slot)
        case "snapshot_chunk":
            chunk = message.snapshot_chunk
            control = SnapshotChunk(chunk.number, chunk.state)
        case "snapshot_done":
            control = _snapshot_done(message.snapshot_done)
        case "request":
            control = request_of(message.request)
        case "yielding":
            control = Yield(message.yielding.to_slot)
        case _:
            pass
    return control


def _snapshot_done(message: log_pb2.SnapshotDone) -> SnapshotDone:
    return SnapshotDone(
        covered=message.covered,
        seq=message.seq,
        chunks=message.chunks,
        at_ms=message.at.ToMilliseconds(),
        inputs=tuple((i.topic, i.partition, _position(i)) for i in message.inputs),
        failures=tuple(_failure(f) for f in message.failures),
        slot=message.slot,
        takeovers=tuple(each.ToMilliseconds() for each in message.takeovers),
        placed=message.placed,
        since_ms=message.since.ToMilliseconds(),
        min_reader_version=message.min_reader_version,
    )


def _position(message: log_pb2.InputPosition) -> Position:
    point = None
    if message.HasField("fence"):
        point = FencePoint(message.fence.epoch, message.fence.owner, message.fence.seq)
    return Position(message.offset, message.index, point)


def _failure(message: log_pb2.InputFailure) -> Failure:
    return Failure(
        message.topic,
        message.partition,
        message.offset,
        message.index,
        message.attempt,
        message.set_aside,
        message.reason,
    )

"""What a writer of the next version may put into a log: bytes by hand, as no code here knows it."""

from dataclasses import dataclass, field

from services.runtime.fenced_log.header import (
    READER_VERSION,
    FencePoint,
    Header,
    SnapshotChunk,
    SnapshotDone,
    to_proto,
)
from tests.support.recorder_entries import NOON_MS
from tests.support.recorder_logs import Entry, LogWriter

NEWER = READER_VERSION + 1
_HEADER, _ENTRIES = 1, 2
"""Field numbers of a record, the same in rulings and facts."""
_NEW_FIELD = 500
_LENGTH_DELIMITED = 2


def unknown_field(value: bytes = b"", number: int = _NEW_FIELD) -> bytes:
    """Return a field that no message here has: a kind of a oneof looks no different."""
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(value)) + value


@dataclass
class NewerWriter(LogWriter):
    """Owns a partition, and may say what this version does not know."""

    now_ms: int = NOON_MS
    values: list[bytes] = field(default_factory=list)

    def entry_of_a_new_kind(self) -> "NewerWriter":
        """Append a record with one entry, whose kind is new."""
        return self._by_hand(b"", unknown_field(unknown_field(b"what"), _ENTRIES))

    def control_of_a_new_kind(self) -> "NewerWriter":
        """Append a record that does something new to the ownership of the partition."""
        return self._by_hand(unknown_field(b"what"), b"")

    def known_entries_that_say_more(self, *entries: Entry) -> "NewerWriter":
        """Append known entries, each with a field more, and one beside them."""
        said = (each.SerializeToString() + unknown_field(b"more") for each in entries)
        return self._by_hand(
            b"", b"".join(unknown_field(each, _ENTRIES) for each in said) + unknown_field(b"more")
        )

    def snapshot(self, *chunks: bytes, version: int) -> "NewerWriter":
        """Append a snapshot of what was written so far, for readers of at least this version."""
        covered, seq, at_ms = len(self.values), self.seq, self.now_ms
        for number, chunk in enumerate(chunks):
            self._next(SnapshotChunk(number, chunk))
        done = SnapshotDone(
            covered, seq, len(chunks), at_ms, (), (), "slot-0", (), min_reader_version=version
        )
        return self._next(done)

    def _next(self, control: SnapshotChunk | SnapshotDone) -> "NewerWriter":
        self.seq += 1
        point = FencePoint(self.epoch, self.owner, self.seq)
        self._append(Header(point, self.now_ms, (), control), ())
        return self

    def _by_hand(self, in_header: bytes, behind_header: bytes) -> "NewerWriter":
        self.seq += 1
        self.now_ms += 100
        point = FencePoint(self.epoch, self.owner, self.seq)
        header = to_proto(Header(point, self.now_ms)).SerializeToString() + in_header
        self.values.append(unknown_field(header, _HEADER) + behind_header)
        return self


def _varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])

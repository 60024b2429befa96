"""The reader rule (rule 1.4): which records of a fenced log count, the same for every reader."""

import enum

from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.header import (
    READER_VERSION,
    WITHOUT_AUTHORITY,
    Fence,
    FencePoint,
    Header,
    SnapshotDone,
)


class LogGapError(PromiseBrokenError):
    """A record is missing, or a reign began without its fence: the reader must stop."""


class ReaderTooOldError(PromiseBrokenError):
    """The log asks for a newer reader (rule 1.9): upgrade readers before writers."""


class Verdict(enum.Enum):
    """What becomes of a record."""

    ACCEPTED = "accepted"
    WITHOUT_AUTHORITY = "without_authority"
    LOWER_EPOCH = "lower_epoch"
    OTHER_OWNER = "other_owner"
    SEEN_SEQ = "seen_seq"

    @property
    def counts(self) -> bool:
        """True when the record's entries are part of the truth."""
        return self is Verdict.ACCEPTED


class FencedReader:
    """Keeps `(epoch, owner, seq)` of one partition and judges each record by it.

    The verdict depends only on the records before, so all readers agree whatever their time.
    """

    def __init__(self, name: str, point: FencePoint | None = None) -> None:
        """Start at the beginning of a log, or behind the record at `point`.

        Args:
            name: Partition, for messages: `seatline.facts.v1/3`.
            point: The last accepted record, when the reader goes on from a saved position.
        """
        self.name = name
        self.point = point

    def accept(self, header: Header) -> Verdict:
        """Judge the next record of the partition and remember it when it counts.

        Raises:
            LogGapError: A `seq` is skipped, or an epoch rises without a fence.
            ReaderTooOldError: A counting fence demands a newer reader, or a header says what this
                one does not know.
        """
        point = header.point
        if isinstance(header.control, WITHOUT_AUTHORITY):
            return Verdict.WITHOUT_AUTHORITY
        if self.point is None or point.epoch > self.point.epoch:
            self._check_known(header)
            self._begin(header)
            return Verdict.ACCEPTED
        if point.epoch < self.point.epoch:
            return Verdict.LOWER_EPOCH
        if point.owner != self.point.owner:
            return Verdict.OTHER_OWNER
        if point.seq <= self.point.seq:
            return Verdict.SEEN_SEQ
        if point.seq != self.point.seq + 1:
            raise LogGapError(
                f"{self.name}: seq {point.seq} follows {self.point.seq} in epoch {point.epoch}: "
                "records are missing; compare retention with this reader's position"
            )
        self._check_known(header)
        self.point = point
        return Verdict.ACCEPTED

    def _check_known(self, header: Header) -> None:
        if header.unknown_fields:
            raise ReaderTooOldError(
                f"{self.name}: a record of epoch {header.point.epoch}, seq {header.point.seq} says "
                f"in header fields {list(header.unknown_fields)} what version {READER_VERSION} "
                "does not know: upgrade this reader"
            )

    def _begin(self, header: Header) -> None:
        if not isinstance(header.control, Fence) or header.point.seq != 0:
            raise LogGapError(
                f"{self.name}: epoch {header.point.epoch} begins without its fence: records are "
                "missing; compare retention with this reader's position"
            )
        if self.point is None and header.point.epoch != 1:
            raise LogGapError(
                f"{self.name}: the oldest record kept is of epoch {header.point.epoch}: the log "
                "was cut and what this reader needs is gone; compare retention with its position"
            )
        check_version(self.name, header.control)
        self.point = header.point


def check_version(name: str, control: Fence | SnapshotDone) -> None:
    """Let only those go on whom the log means.

    Args:
        name: Partition, for messages.
        control: What a reader meets first of a reign: its fence, or the end of a snapshot.

    Raises:
        ReaderTooOldError: It demands a newer reader.
    """
    if control.min_reader_version > READER_VERSION:
        raise ReaderTooOldError(
            f"{name}: the log needs readers of version {control.min_reader_version}, this is "
            f"{READER_VERSION}: upgrade this reader"
        )

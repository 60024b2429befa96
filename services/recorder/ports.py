"""What the recorder needs of the world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.recorder.domain.batch import BatchRows
from services.recorder.domain.entries import LogRecord, Partition, Position
from services.recorder.domain.rows import ConflictRow, DueWithdrawal


@dataclass(frozen=True, slots=True)
class Advance:
    """The step of one partition's position with a batch."""

    before: Position
    after: Position


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read since the last reading."""

    records: Sequence[LogRecord]
    """Those that count by the reader rule, and people's requests; in order within a partition."""
    advances: Mapping[Partition, Advance]
    """Of every partition that gave a record, one that does not count included."""
    full: bool
    """True when more lies ready."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a transaction wrote."""

    rows: Mapping[str, int]
    """Rows written, by table."""
    conflicts: Sequence[ConflictRow]


@dataclass(frozen=True, slots=True)
class Unpublished:
    """Withdrawals that are to be published."""

    first: Sequence[DueWithdrawal]
    """The oldest of them, up to a limit."""
    total: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of withdrawals that were sent."""

    acknowledged: Sequence[DueWithdrawal]
    failure: str
    """Why others were not acknowledged; empty when all were."""


class RecordSource(Protocol):
    """The fenced logs of this slot's partitions."""

    async def start(self, positions: Mapping[Partition, Position]) -> None:
        """Read on from exactly these positions; forget what was read and not handed out."""

    async def gather(self, entries_limit: int) -> Reading:
        """Return what has gathered: whole records until `entries_limit` entries are reached.

        Waits a fraction of a second when nothing lies ready; the reading may then be empty.

        Raises:
            PromiseBrokenError: A record cannot be understood, is missing, or its offset is gone.
        """

    def unread(self, partition: Partition) -> bool:
        """Tell whether a partition may hold records that were not handed out."""


class OutcomeStore(Protocol):
    """The rows, and in the same transaction the positions of what they were made from."""

    async def claim(
        self, topic_ids: Mapping[Partition, str], held: Mapping[Partition, Position] | None
    ) -> dict[Partition, Position]:
        """Become the one recorder of these partitions; return where to read on.

        Waits for a transaction of the former recorder that is under way, then shuts it out.

        Args:
            topic_ids: Id of each partition's topic as the broker tells it now.
            held: What this recorder last knew; None when it has just started. Given, the claim
                fails if another recorder has claimed since: of two the later one goes on.

        Raises:
            PromiseBrokenError: A topic was recreated, or another recorder has taken over.
            TransientError: The store is away.
        """

    async def record(self, advances: Mapping[Partition, Advance], rows: BatchRows) -> Recorded:
        """Write rows and positions, all or nothing.

        Raises:
            PromiseBrokenError: A position is not what it was, or a row was written before.
            TransientError: The store is away. Whether the rows were written is unknown: `claim`
                tells by the positions; never retry the same rows without it.
        """

    async def unpublished(self, held: Mapping[Partition, Position], limit: int) -> Unpublished:
        """Return withdrawals of these partitions that are to be published, the oldest first.

        Nothing of a partition that another recorder has claimed since: its owner publishes it.

        Raises:
            TransientError: The store is away.
        """

    async def mark_published(self, published: Sequence[DueWithdrawal]) -> None:
        """Keep that these were published; `unpublished` returns them no more. Idempotent.

        One without a person key comes back, once, when the store has learnt the person.

        Raises:
            TransientError: The store is away; they will be published again, which harms nobody.
        """

    async def make_days_ahead(self) -> None:
        """Make the partitions of the coming days. Idempotent.

        Raises:
            TransientError: The store is away or busy.
        """

    async def close(self) -> None:
        """Let go of the store; what is under way is undone."""


class WithdrawalLog(Protocol):
    """The withdrawals that everybody follows. Neither call waits."""

    def send(self, due: Sequence[DueWithdrawal]) -> None:
        """Begin to append these; nothing else may be under way.

        Raises:
            TransientError: There is no room for them.
        """

    def settled(self) -> Settled | None:
        """Return what became of those sent last; None while it is not known of every one.

        Raises:
            PromiseBrokenError: The producer can no longer guarantee what it appends.
        """


class Meter(Protocol):
    """Counts what is recorded."""

    def recorded(self, recorded: Recorded, seconds: float) -> None:
        """Note a transaction and how long it took."""

    def unpublished(self, withdrawals: int) -> None:
        """Note how many withdrawals wait to be published."""

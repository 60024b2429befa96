"""What is checked: logs, rows and a journal, as something that can be asked for them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from google.protobuf.message import DecodeError

INTAKE = "seatline.intake.v1"
CONTACTS = "seatline.contacts.v1"
RULINGS = "seatline.rulings.v1"
COMMANDS = "seatline.commands.v1"
FACTS = "seatline.facts.v1"
MAP = "seatline.map.v1"
SUPPRESSIONS = "seatline.suppressions.v1"
DEAD = "seatline.dead.v1"

Log = tuple[str, int]
"""Topic and partition."""
Key = tuple[str, int]
"""Contact and release."""
Row = Mapping[str, Any]
"""A row, by the names of its columns."""


class CannotCheckError(Exception):
    """The history is not there, or not whole: nothing can be said of it."""


class Record(NamedTuple):
    """A record of a log, as the broker keeps it."""

    offset: int
    appended_at_ms: int
    value: bytes


class Answer(NamedTuple):
    """What a dispatcher told of its state in memory."""

    slot: str
    page: Mapping[str, Any] | None
    """`/floor` of its process (`docs/interfaces.md`); None when it did not tell."""
    why: str = ""
    """Why it did not."""


class Rows(Protocol):
    """What the recorder wrote, all at one moment."""

    def position(self, log: Log) -> Row | None:
        """Return the row of `recorder_position` for a log; None when there is none yet."""

    def of(self, table: str, log: Log) -> Iterator[Row]:
        """Yield the rows of a table that were made from a log.

        Args:
            table: `contact_state`, `outcome`, `outcome_amendment`, `live_assignment`, `conflict`,
                `withdrawal`, or `decision`; the last by record and entry, rising.
            log: Topic and partition. Of `contact_state` the rows of stage 2 are made from facts,
                the others from rulings.
        """

    def outcomes_of(self, keys: Iterable[Key]) -> Mapping[Key, Row]:
        """Return the rows of `outcome` of some releases."""


class History(Protocol):
    """One stack at one moment. Ends of what is written later in the chain were asked for first."""

    partitions: int
    rows: Rows | None
    """None: logs only."""

    def end(self, log: Log) -> int:
        """Return the offset behind the last record that is looked at."""

    def records(self, log: Log) -> Iterator[Record]:
        """Yield the records of a log below its end, oldest first."""

    def intake_done(self) -> Mapping[int, int]:
        """Return the offset below which intake has committed, by partition of its topic."""

    def answers(self) -> Sequence[Answer]:
        """Return what dispatchers told of their states before the ends were asked for."""

    def journal(self) -> Iterator[Mapping[str, Any]]:
        """Yield what simulated callers and senders wrote down; nothing without a rehearsal."""


def milliseconds(stamp: Any) -> int:
    """Return a Timestamp or Duration in milliseconds."""
    return int(stamp.seconds * 1000 + stamp.nanos // 1_000_000)


def headed(message: Any, record: Record, log: Log) -> Any:
    """Read a record of a fenced log.

    Raises:
        CannotCheckError: It is none.
    """
    try:
        read = message.FromString(record.value)
    except DecodeError as error:
        raise CannotCheckError(f"{log[0]}/{log[1]}@{record.offset} cannot be read") from error
    if not read.HasField("header"):
        raise CannotCheckError(f"{log[0]}/{log[1]}@{record.offset}: it has no header")
    return read

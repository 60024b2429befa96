"""Read fenced logs by the reader rule, so that what a fence has overtaken is not counted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from seatline.facts.v1 import facts_pb2
from seatline.log.v1 import log_pb2
from seatline.rulings.v1 import rulings_pb2
from services.cli.adapters.log_book import Bounds, LogBook
from services.cli.adapters.topics import FACTS
from services.cli.errors import NotDoneError
from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.header import WITHOUT_AUTHORITY, FencePoint, Header, from_proto
from services.runtime.fenced_log.reader import FencedReader
from services.runtime.fenced_log.wishes import Request
from services.runtime.log_port import Arrived

FencedRecord = facts_pb2.FactRecord | rulings_pb2.RulingRecord


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A place in a fenced log from which a reader may go on."""

    offset: int = 0
    point: FencePoint | None = None
    """The last record that counted before it; None at the beginning."""


@dataclass(frozen=True, slots=True)
class Counting:
    """A record that counts."""

    arrived: Arrived
    header: Header
    record: FencedRecord

    @property
    def facts(self) -> Sequence[facts_pb2.Fact]:
        """Its facts; none of a record of rulings."""
        return self.record.facts if isinstance(self.record, facts_pb2.FactRecord) else ()


class FencedPartition:
    """Judges the records of one partition, in order.

    Of a log whose beginning retention has taken, the oldest record kept is taken to count.
    """

    def __init__(self, topic: str, partition: int, point: FencePoint | None = None) -> None:
        self._name = f"{topic}/{partition}"
        self._reader = FencedReader(self._name, point)
        self._parse = (
            facts_pb2.FactRecord if topic == FACTS else rulings_pb2.RulingRecord
        ).FromString

    def judge(self, arrived: Arrived) -> Counting | None:
        """Return the record when it counts.

        Raises:
            NotDoneError: It cannot be read, or records before it are missing.
        """
        try:
            record = self._parse(arrived.value)
            header = from_proto(record.header)
            if self._reader.point is None and arrived.offset > 0:
                self._reader.point = just_before(header)
            counts = self._reader.accept(header).counts
        except DecodeError as error:
            raise NotDoneError(
                f"{self._name}@{arrived.offset}: no record of this log; look at who wrote it"
            ) from error
        except PromiseBrokenError as error:
            raise NotDoneError(str(error)) from error
        if not counts:
            return None
        if not _is_known(record):
            raise NotDoneError(
                f"{self._name}@{arrived.offset}: an entry of a kind that this version does not "
                "know: upgrade this command"
            )
        return Counting(arrived, header, record)


def counting(
    book: LogBook,
    topic: str,
    ends: Mapping[int, int],
    bookmarks: Mapping[tuple[str, int], Bookmark] | None = None,
) -> Iterator[Counting]:
    """Yield each record that counts, each partition in its order.

    Args:
        book: Where to read.
        topic: Rulings or facts.
        ends: Offset to stop before, by partition.
        bookmarks: Where to go on from, by topic and partition; else from the oldest kept.

    Raises:
        NotDoneError: A record cannot be read, or records are missing.
        StackAwayError: Kafka does not answer.
    """
    for _, judged in _judged(book, topic, ends, bookmarks or {}):
        if judged is not None:
            yield judged


def headers(
    book: LogBook, topic: str, bookmarks: Mapping[tuple[str, int], Bookmark]
) -> Iterator[tuple[Arrived, Header]]:
    """Yield each record that counts, and each request, with its header; to the end of the log.

    Args:
        book: Where to read.
        topic: Rulings or facts.
        bookmarks: Where to go on from, by topic and partition; else from the oldest kept.

    Raises:
        NotDoneError: A record cannot be read, or records are missing.
        StackAwayError: Kafka does not answer.
    """
    ends = {number: bounds.end for number, bounds in book.bounds(topic).items()}
    for arrived, judged in _judged(book, topic, ends, bookmarks):
        header = judged.header if judged else header_of(arrived)
        if judged or isinstance(header.control, Request):
            yield arrived, header


def _judged(
    book: LogBook,
    topic: str,
    ends: Mapping[int, int],
    bookmarks: Mapping[tuple[str, int], Bookmark],
) -> Iterator[tuple[Arrived, Counting | None]]:
    """Yield each record below the ends, and what it is if it counts."""
    starts = {n: bookmarks.get((topic, n), Bookmark()) for n in ends}
    partitions = {n: FencedPartition(topic, n, start.point) for n, start in starts.items()}
    ranges = {n: Bounds(starts[n].offset, end) for n, end in ends.items()}
    for arrived in book.read(topic, ranges):
        yield arrived, partitions[arrived.partition].judge(arrived)


def following(
    book: LogBook,
    topic: str,
    partitions: Iterable[int],
    bookmarks: Mapping[tuple[str, int], Bookmark],
    within_s: float,
) -> Iterator[Counting]:
    """Yield each record that counts as it comes, until the time is over.

    Args:
        book: Where to read.
        topic: Rulings or facts.
        partitions: Which to follow.
        bookmarks: Where to begin, by topic and partition; else at the oldest kept.
        within_s: How long.

    Raises:
        NotDoneError: A record cannot be read, or records are missing.
        StackAwayError: Kafka does not answer.
    """
    marks = {number: bookmarks.get((topic, number), Bookmark()) for number in partitions}
    judges = {number: FencedPartition(topic, number, mark.point) for number, mark in marks.items()}
    starts = {number: mark.offset for number, mark in marks.items()}
    for arrived in book.follow(topic, starts, within_s):
        judged = judges[arrived.partition].judge(arrived)
        if judged is not None:
            yield judged


def header_of(arrived: Arrived) -> Header:
    """Return the header of a record, whatever its entries.

    Raises:
        NotDoneError: It has none that can be read.
    """
    try:
        return from_proto(log_pb2.Envelope.FromString(arrived.value).header)
    except DecodeError as error:
        raise NotDoneError(
            f"{arrived.topic}/{arrived.partition}@{arrived.offset}: no record of this log; look at "
            "who wrote it"
        ) from error


def _is_known(record: FencedRecord) -> bool:
    if isinstance(record, facts_pb2.FactRecord):
        return all(fact.WhichOneof("kind") for fact in record.facts)
    return all(ruling.WhichOneof("outcome") for ruling in record.rulings)


def just_before(header: Header) -> FencePoint | None:
    """Return the place of the record before one, to begin amid a reign; None where none is."""
    if isinstance(header.control, WITHOUT_AUTHORITY) or header.point.seq == 0:
        return None
    return FencePoint(header.point.epoch, header.point.owner, header.point.seq - 1)

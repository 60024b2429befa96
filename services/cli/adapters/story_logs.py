"""What the logs tell of a contact or session beyond what is recorded."""

from collections.abc import Callable, Iterator, Mapping

from google.protobuf.message import DecodeError

from seatline.contacts.v1 import contacts_pb2
from seatline.facts.v1 import facts_pb2
from services.cli.adapters.fenced import Bookmark, Counting, counting
from services.cli.adapters.log_book import Bounds, LogBook
from services.cli.adapters.recorded_ids import recorded_text
from services.cli.adapters.story_codec import told_arrival, told_fact, told_ruling
from services.cli.adapters.story_letters import told_letters
from services.cli.adapters.topics import CONTACTS, FACTS, RULINGS
from services.cli.domain.story import Told
from services.runtime.log_port import Arrived

RECORDS_SEARCHED_MAX = 300_000
"""Newest records of each contacts partition that are searched for an arrival."""

Fits = Callable[[facts_pb2.Fact], bool]


class LogStory:
    """Searches the logs."""

    def __init__(self, book: LogBook, bookmarks: Mapping[tuple[str, int], Bookmark]) -> None:
        """Use a book.

        Args:
            book: Where to read.
            bookmarks: How far the recorder has come, read before its decisions were.
        """
        self._book = book
        self._bookmarks = bookmarks

    def of_contact(self, contact_id: str) -> Iterator[Told]:
        """Yield arrivals, dead letters, and what is not recorded yet of rulings and facts."""
        yield from self._arrivals(contact_id)
        yield from told_letters(self._book, contact_id)
        yield from self.decided_on(contact_id)

    def decided_on(self, contact_id: str) -> Iterator[Told]:
        """Yield the rulings and facts that are not recorded yet; see `StoryLogs.decided_on`."""
        for judged in self._tail(RULINGS):
            if not isinstance(judged.record, facts_pb2.FactRecord):
                for index, ruling in enumerate(judged.record.rulings):
                    if recorded_text(ruling.contact.contact_id) == contact_id:
                        yield told_ruling(
                            ruling,
                            judged.header.at_ms,
                            _where(judged.arrived, index),
                            recorded=False,
                        )
        yield from self._facts(lambda fact: _contact_of(fact) == contact_id)

    def of_session(self, session_id: str) -> Iterator[Told]:
        """Yield the facts of a session that are not recorded yet."""
        yield from self._facts(lambda fact: _session_of(fact) == session_id)

    def _facts(self, fits: Fits) -> Iterator[Told]:
        for judged in self._tail(FACTS):
            if isinstance(judged.record, facts_pb2.FactRecord):
                for index, fact in enumerate(judged.record.facts):
                    if fits(fact):
                        where = _where(judged.arrived, index)
                        yield told_fact(fact, judged.header.at_ms, where, recorded=False)

    def _tail(self, topic: str) -> Iterator[Counting]:
        ends = {number: bounds.end for number, bounds in self._book.bounds(topic).items()}
        return counting(self._book, topic, ends, self._bookmarks)

    def _arrivals(self, contact_id: str) -> Iterator[Told]:
        # The id's first characters are the same in every form of it, and finding bytes is cheap.
        mark = contact_id.split("~", maxsplit=1)[0][:64].encode()
        ranges = {
            number: Bounds(max(bounds.start, bounds.end - RECORDS_SEARCHED_MAX), bounds.end)
            for number, bounds in self._book.bounds(CONTACTS).items()
        }
        for arrived in self._book.read(CONTACTS, ranges):
            if mark in arrived.value:
                yield from _arrivals_in(arrived, contact_id)


def _arrivals_in(arrived: Arrived, contact_id: str) -> Iterator[Told]:
    try:
        record = contacts_pb2.ContactRecord.FromString(arrived.value)
    except DecodeError:
        return
    for index, contact in enumerate(record.contacts):
        if recorded_text(contact.contact_id) == contact_id:
            yield told_arrival(contact, arrived.appended_at_ms, _where(arrived, index))


def _contact_of(fact: facts_pb2.Fact) -> str:
    body = getattr(fact, str(fact.WhichOneof("kind")), None)
    for holder in ("attempt", "contact"):
        if holder in _fields(body):
            return recorded_text(getattr(body, holder).contact_id)
    return recorded_text(str(getattr(body, "contact_id", "")))


def _session_of(fact: facts_pb2.Fact) -> str:
    body = getattr(fact, str(fact.WhichOneof("kind")), None)
    return recorded_text(str(getattr(body, "session_id", "")))


def _fields(body: object) -> frozenset[str]:
    descriptor = getattr(body, "DESCRIPTOR", None)
    return frozenset(descriptor.fields_by_name) if descriptor is not None else frozenset()


def _where(arrived: Arrived, index: int) -> str:
    log = arrived.topic.split(".")[1]
    return f"{log}/{arrived.partition}@{arrived.offset}[{index}]"

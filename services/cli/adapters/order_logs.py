"""Words on operators' orders: in the logs, and as Postgres keeps them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import asyncpg

from seatline.facts.v1 import facts_pb2
from seatline.log.v1 import log_pb2
from services.cli.adapters.control_codec import control_of
from services.cli.adapters.dead_log import letters_and_deeds
from services.cli.adapters.fenced import Bookmark, counting, headers
from services.cli.adapters.log_book import LogBook
from services.cli.adapters.order_codec import word_of_fact, word_of_record
from services.cli.adapters.postgres_record import connected, sql
from services.cli.adapters.stop_log import note_stop
from services.cli.adapters.topics import FACTS, MAP, RULINGS
from services.cli.domain.asked import Control
from services.cli.domain.dead import DeadFold
from services.cli.domain.orders import Word
from services.cli.domain.scope import Scope
from services.runtime.fenced_log.header import from_proto


class KafkaOrderLogs:
    """Reads the map log, and the facts that are not recorded yet."""

    def __init__(self, book: LogBook, bookmarks: Mapping[tuple[str, int], Bookmark]) -> None:
        """Use a book.

        Args:
            book: Where to read.
            bookmarks: How far the recorder has come, read before its words were.
        """
        self._book = book
        self._bookmarks = bookmarks

    def partition_count(self) -> int:
        """Return the stack's partitions; see `OrderLogs.partition_count`."""
        return len(self._book.bounds(FACTS))

    def words(self) -> Iterator[Word]:
        """Yield the orders, and what is not recorded of any; see `OrderLogs.words`."""
        for arrived in self._book.read(MAP, self._book.bounds(MAP)):
            yield word_of_record(arrived)
        ends = {number: bounds.end for number, bounds in self._book.bounds(FACTS).items()}
        for judged in counting(self._book, FACTS, ends, self._bookmarks):
            for fact in judged.facts:
                word = word_of_fact(fact, judged.arrived.partition, recorded=False)
                if word is not None:
                    yield word

    def controls(self) -> Iterator[Control]:
        """Yield requests and reigns that are not recorded yet; see `OrderLogs.controls`."""
        for topic in (RULINGS, FACTS):
            for arrived, header in headers(self._book, topic, self._bookmarks):
                told = control_of(
                    header, topic, arrived.partition, arrived.appended_at_ms, recorded=False
                )
                if told is not None:
                    yield told

    def letters(self) -> DeadFold:
        """Return all dead letters; see `OrderLogs.letters`."""
        return DeadFold().take_all(letters_and_deeds(self._book))


class PostgresOrders:
    """Reads recorded words on orders."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    async def words(self, since_ms: int, limit: int) -> list[Word]:
        """Return what is recorded of the newest orders; see `OrderRecord.words`."""
        since = datetime.fromtimestamp(since_ms / 1000, UTC)
        async with connected(self._dsn) as connection:
            rows = await connection.fetch(sql("words_on_orders"), since, limit)
        words = (
            word_of_fact(facts_pb2.Fact.FromString(row["payload"]), row["partition"], recorded=True)
            for row in rows
        )
        return [word for word in words if word is not None]

    async def controls(self, since_ms: int, limit: int) -> list[Control]:
        """Return the newest recorded requests and all behind; see `OrderRecord.controls`."""
        since = datetime.fromtimestamp(since_ms / 1000, UTC)
        async with connected(self._dsn) as connection:
            rows = await connection.fetch(sql("controls"), since, limit)
        return [told for row in rows if (told := _control(row)) is not None]


def _control(row: asyncpg.Record) -> Control | None:
    header = from_proto(log_pb2.Header.FromString(row["payload"]))
    at_ms = round(row["at"].timestamp() * 1000)
    return control_of(header, row["topic"], row["partition"], at_ms, recorded=True)


async def read_stops(dsn: str) -> dict[tuple[int, Scope], bool]:
    """Return which stops are recorded as in force, by partition and scope.

    Raises:
        StackAwayError: Postgres does not answer.
    """
    async with connected(dsn) as connection:
        rows = await connection.fetch(sql("stops"))
    states: dict[tuple[int, Scope], bool] = {}
    for row in rows:
        note_stop(states, facts_pb2.Fact.FromString(row["payload"]), row["partition"])
    return states

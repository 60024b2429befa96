"""Words on operators' orders: in the logs, and as Postgres keeps them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from seatline.facts.v1 import facts_pb2
from services.cli.adapters.fenced import Bookmark, counting
from services.cli.adapters.log_book import LogBook
from services.cli.adapters.order_codec import word_of_fact, word_of_record
from services.cli.adapters.postgres_record import connected, sql
from services.cli.adapters.stop_log import note_stop
from services.cli.adapters.topics import FACTS, MAP
from services.cli.domain.orders import Word
from services.cli.domain.scope import Scope


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

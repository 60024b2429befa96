"""Orders to one partition in its commands, and its answers in the facts."""

from collections.abc import Mapping

from services.cli.adapters.fenced import Bookmark, following
from services.cli.adapters.log_book import LogBook
from services.cli.adapters.order_codec import end_session_record, release_record, word_of_fact
from services.cli.adapters.topics import COMMANDS, FACTS
from services.cli.domain.orders import BY_MAX, Word
from services.cli.ports.signature import Signature


class KafkaHandLog:
    """Gives orders as commands and reads what became of them."""

    def __init__(self, book: LogBook, bookmarks: Mapping[tuple[str, int], Bookmark]) -> None:
        """Use a book.

        Args:
            book: Where to read and append.
            bookmarks: By topic and partition, from before the order: where to look for its effect.
        """
        self._book = book
        self._bookmarks = bookmarks

    def release(self, partition: int, contact_id: str, signature: Signature) -> int:
        """Order a contact back to the bank; see `HandLog.release`."""
        record = release_record(contact_id, signature)
        return self._book.append(COMMANDS, contact_id.encode(), record, partition)

    def end_session(
        self, partition: int, session_id: str, signature: Signature, *, interrupt: bool
    ) -> int:
        """Order the end of a session; see `HandLog.end_session`."""
        record = end_session_record(session_id, signature, interrupt=interrupt)
        return self._book.append(COMMANDS, session_id.encode(), record, partition)

    def answer(self, partition: int, order: Word, within_s: float) -> Word | None:
        """Wait for the word on an order; see `HandLog.answer`."""
        wanted = (order.at_ms, order.by[:BY_MAX], order.action, order.subject)
        for judged in following(self._book, FACTS, (partition,), self._bookmarks, within_s):
            for fact in judged.facts:
                word = word_of_fact(fact, partition, recorded=False)
                if word and (word.at_ms, word.by, word.action, word.subject) == wanted:
                    return word
        return None

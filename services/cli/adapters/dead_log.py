"""The log of dead letters: read on from where it was, and deeds appended."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from services.cli.adapters.dead_codec import deed_record, parsed
from services.cli.adapters.log_book import Appends, Bounds, LogBook
from services.cli.adapters.topics import DEAD
from services.cli.domain.dead import Deed, Letter, LetterId


def letters_and_deeds(
    book: LogBook, ranges: Mapping[int, Bounds] | None = None
) -> Iterator[Letter | Deed]:
    """Yield the letters and deeds of ranges, else all that are kept; a partition in its order."""
    for arrived in book.read(DEAD, book.bounds(DEAD) if ranges is None else ranges):
        if (record := parsed(arrived)) is not None:
            yield record


class KafkaDeadLog:
    """Remembers how far it was read, so that what is appended is read back alone."""

    def __init__(self, book: LogBook, appends: Appends) -> None:
        self._book = book
        self._appends = appends
        self._read: dict[int, int] = {}

    def news(self) -> Iterator[Letter | Deed]:
        """Yield what was appended since the last call; see `DeadLog.news`."""
        ranges = {
            number: Bounds(max(bounds.start, self._read.get(number, 0)), bounds.end)
            for number, bounds in self._book.bounds(DEAD).items()
        }
        yield from letters_and_deeds(self._book, ranges)
        self._read.update((number, bounds.end) for number, bounds in ranges.items())

    def note(self, deeds: Sequence[Deed]) -> list[Deed]:
        """Append deeds; see `DeadLog.note`."""
        offsets = self._appends.append_all(
            [(DEAD, deed.letter.partition, deed_record(deed)) for deed in deeds]
        )
        return [
            replace(deed, at=LetterId(deed.letter.partition, offset))
            for deed, offset in zip(deeds, offsets, strict=True)
        ]

"""The reader rule (rule 1.4), written down a second time for those who judge."""

from services.runtime.fenced_log.header import WITHOUT_AUTHORITY, Fence, FencePoint, Header, Yield
from services.runtime.fenced_log.reader import LogGapError


class SecondReader:
    """Tells which records of a fenced log count, with no line of the product's reader.

    A judge that read by the product's own rule would find nothing wrong with a rule gone wrong.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.point: FencePoint | None = None
        """Of the last record that counted."""
        self.is_yielded = False

    def counts(self, header: Header) -> bool:
        """Judge the next record of the log.

        Raises:
            LogGapError: A record is missing.
        """
        now, last = header.point, self.point
        if isinstance(header.control, WITHOUT_AUTHORITY):
            return False
        same_reign = last is not None and (now.epoch, now.owner) == (last.epoch, last.owner)
        if last is not None and not same_reign and now.epoch <= last.epoch:
            return False
        if last is not None and same_reign and now.seq <= last.seq:
            return False
        due = last.seq + 1 if last is not None and same_reign else 0
        if now.seq != due or isinstance(header.control, Fence) is same_reign:
            raise LogGapError(f"{self.name}: {now} where seq {due} is due")
        if self.is_yielded and same_reign:
            raise LogGapError(f"{self.name}: {now} goes on behind the end of its reign")
        self.is_yielded = isinstance(header.control, Yield)
        self.point = now
        return True

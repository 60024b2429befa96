"""Journal: load what was recorded of orders and what the logs add, and group it."""

from collections.abc import Callable
from dataclasses import dataclass

from services.cli.domain.asked import words_on_deeds, words_on_requests
from services.cli.domain.orders import Order, orders
from services.cli.ports.orders import OrderLogs, OrderRecord


@dataclass(frozen=True, slots=True)
class JournalHandler:
    """Lists operators' orders: recorded ones, and those that only the logs know yet."""

    logs: OrderLogs
    record: OrderRecord
    progress: Callable[[str], None]

    async def __call__(self, since_ms: int, limit: int) -> list[Order]:
        """Return the newest orders since a moment, oldest first.

        Raises:
            NotDoneError: The stack is away.
        """
        self.progress("reading orders")
        words = await self.record.words(since_ms, limit)
        controls = await self.record.controls(since_ms, limit)
        self.progress("reading the logs")
        letters = self.logs.letters()
        told = [
            *words,
            *self.logs.words(),
            *words_on_requests([*controls, *self.logs.controls()], letters),
            *words_on_deeds(letters),
        ]
        recent = (word for word in told if word.at_ms >= since_ms)
        return orders(recent, self.logs.partition_count(), limit)

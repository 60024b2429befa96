"""Journal: load what was recorded of orders and what the logs add, and group it."""

from collections.abc import Callable
from dataclasses import dataclass

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
        self.progress("reading the logs")
        told = [*words, *self.logs.words()]
        recent = (word for word in told if word.at_ms >= since_ms)
        return orders(recent, self.logs.partition_count(), limit)

"""Records of `map` and `suppressions`, followed live."""

from services.router.adapters import topics
from services.router.adapters.metrics import RouterMetrics
from services.router.adapters.orders import (
    Order,
    ResumeOrdered,
    StopOrdered,
    decode_order,
    decode_withdrawal,
)
from services.router.domain.policy import PolicyRules
from services.router.domain.seat_table import SeatTable
from services.router.handlers import Orders
from services.runtime.errors import PoisonError, PromiseBrokenError
from services.runtime.log_port import Arrived


class LiveOrders:
    """Feeds what is read into the view of the rulings."""

    def __init__(self, orders: Orders, metrics: RouterMetrics) -> None:
        self._orders = orders
        self._metrics = metrics

    def take(self, arrived: Arrived) -> None:
        """Follow one order.

        Raises:
            PromiseBrokenError: It cannot be understood: to go on without it could mean calls
                outside the rules.
        """
        if not arrived.value:
            return  # a tombstone: its key was replaced before
        try:
            if arrived.topic == topics.SUPPRESSIONS:
                self._orders.withdraw(decode_withdrawal(arrived.value))
            else:
                self._order(decode_order(arrived.value))
        except PoisonError as error:
            raise PromiseBrokenError(
                f"{arrived.topic}/{arrived.partition}: the order at offset {arrived.offset} cannot "
                f"be followed: {error}; publish one that can"
            ) from error
        if self._orders.view is not None:
            self._metrics.viewed(self._orders.view)

    def _order(self, order: Order) -> None:
        match order:
            case SeatTable():
                self._orders.new_map(order)
            case PolicyRules():
                self._orders.new_policy(order)
            case StopOrdered(scoped):
                self._orders.stop(scoped)
            case ResumeOrdered(scoped):
                self._orders.resume(scoped)

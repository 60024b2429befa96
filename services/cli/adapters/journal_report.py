"""Operators' orders, as JSON and as text."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from services.cli.adapters.story_report import time
from services.cli.domain.orders import TO_ALL, Order


def as_json(orders: Sequence[Order]) -> dict[str, Any]:
    """Return the orders, oldest first."""
    return {"ok": True, "orders": [_order(order) for order in orders]}


def as_text(report: dict[str, Any]) -> Table | str:
    """Return them for people, one line each."""
    if not report["orders"]:
        return "no orders"
    table = Table("when", "who", "what", "why", "result", box=None)
    for order in report["orders"]:
        what = f"{order['action']} {order['subject']}"
        table.add_row(order["at"], order["by"], what, order["why"] or "-", order["result"])
    return table


def _order(order: Order) -> dict[str, Any]:
    return {
        "at": time(order.at_ms),
        "by": order.by,
        "action": order.action,
        "subject": order.subject,
        "why": order.why,
        "result": _result(order),
        "applied": list(order.applied),
        "partitions": order.partitions,
        "recorded": order.recorded,
    }


def _result(order: Order) -> str:
    if order.action in TO_ALL:
        return f"in {len(order.applied)} of {order.partitions} partitions"
    return ", ".join(order.answers) or "no answer"

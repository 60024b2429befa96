"""Give orders to a whole stack: withdrawals, stops, resumes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from seatline.map.v1 import map_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.runtime.kafka_log import KafkaLogWriter
from services.runtime.log_port import SendError, Sent
from tests.support.stack import Stack

MAPS = ("seatline.map.v1", 0)
SUPPRESSIONS = ("seatline.suppressions.v1", 0)
ACKNOWLEDGED_WITHIN_S = 30.0

Order = tuple[tuple[str, int], bytes, Any]
"""Where it goes, under which key, and what it says."""


def give(stack: Stack, orders: Iterable[Order]) -> None:
    """Append each order under its key and return once all are acknowledged."""
    writer = KafkaLogWriter(stack.endpoints["kafka"], "test-orders")
    settled: list[Sent | SendError] = []
    for tp, key, message in orders:
        writer.send(tp, message.SerializeToString(), settled.append, key)
    assert writer.flush(ACKNOWLEDGED_WITHIN_S) == 0
    assert all(isinstance(each, Sent) for each in settled), settled


def withdrawal(person_key: bytes = b"", contact_id: str = "") -> suppressions_pb2.Withdrawal:
    kinds = suppressions_pb2.WithdrawalKind
    return suppressions_pb2.Withdrawal(
        person_key=person_key,
        contact_id=contact_id,
        kind=kinds.WITHDRAWAL_KIND_OPT_OUT if person_key else kinds.WITHDRAWAL_KIND_RECALL,
        by="test",
        why="a test",
    )


@dataclass(frozen=True)
class Scope:
    """What is stopped and resumed."""

    scope: map_pb2.StopScope.ValueType
    id: str

    def record(self, kind: str) -> Order:
        order = map_pb2.MapRecord(by="test", why="a test")
        getattr(order, kind).scope = self.scope
        getattr(order, kind).id = self.id
        return MAPS, f"stop/{self.scope}/{self.id}".encode(), order

    def is_named_by(self, order: Any) -> bool:
        return (order.scope, order.id) == (self.scope, self.id)

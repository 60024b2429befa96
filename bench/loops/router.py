"""The router's loop on a backlog of contacts, under the stack's own map, policy and withdrawals."""

import random
import time

from prometheus_client import CollectorRegistry

from bench.loops.counting import CountingObserver
from bench.loops.pace import Pace, Stopwatch, fill, until
from seatline.contacts.v1 import contacts_pb2
from services.router.adapters import topics
from services.router.adapters.live_orders import LiveOrders
from services.router.adapters.log_codec import RouterCodec
from services.router.adapters.metrics import RouterMetrics
from services.router.adapters.seen_codec import SeenCodec
from services.router.handlers import Orders, RulingHandler
from services.runtime.clock import SystemClock
from services.runtime.deciding import decider_reader
from services.runtime.fenced_log.core import Inputs
from services.runtime.fenced_log.decider import Decider
from services.runtime.fenced_log.world import Place, World
from services.runtime.ids import SystemIds
from services.runtime.kafka_log import KafkaLogWriter
from services.runtime.log_port import TopicPartition
from services.simulator.adapters.files import map_file, territory

CONTACTS, RULINGS = "bench-contacts", "bench-rulings"
_VALID_MS = 3_600_000
_DEDUPE_MS = 24 * 3_600_000
_SEALED = b"x" * 120


def rule_on_backlog(
    bootstrap: str, partitions: int, policy_offset_s: int, contacts: int, per_record: int
) -> Pace:
    """Rule on so many contacts with a real broker around; return the pace in contacts.

    Args:
        bootstrap: Addresses of the broker.
        partitions: Of `CONTACTS` and `RULINGS`, which are there and empty.
        policy_offset_s: Of the stack.
        contacts: How many.
        per_record: How many a record holds.
    """
    inputs = Inputs(paced=CONTACTS, live=(topics.MAP, topics.SUPPRESSIONS))
    reader = decider_reader(bootstrap, "bench-router", RULINGS, inputs)
    writer = KafkaLogWriter(bootstrap, "bench-router")
    orders = Orders(policy_offset_s * 1_000)
    observer = CountingObserver()
    live = LiveOrders(orders, RouterMetrics(CollectorRegistry()))
    world = World(reader, writer, SystemClock(), SystemIds(), observer, live.take)
    decider = Decider(
        Place(RULINGS, partitions, "router-0", 0, 1),
        inputs,
        lambda _: RulingHandler(orders, _DEDUPE_MS),
        RouterCodec(),
        SeenCodec(),
        world,
    )
    until(lambda: not decider.waiting_for and orders.view is not None, decider.turn, "router ready")
    fill(writer, backlog(partitions, contacts, per_record))
    watch = Stopwatch()
    with watch:
        until(lambda: observer.entries >= contacts, decider.turn, "rulings")
        writer.flush(1)
    reader.close()
    return watch.pace(contacts)


def backlog(
    partitions: int, contacts: int, per_record: int, seed: int = 1
) -> list[tuple[TopicPartition, bytes]]:
    """Return records of contacts of all seats, in turn over the partitions."""
    seats = [seat.seat_id for seat in territory(map_file(225)).seats]
    chance = random.Random(seed)
    valid_until_ms = time.time_ns() // 1_000_000 + _VALID_MS
    records: list[tuple[TopicPartition, bytes]] = []
    for start in range(0, contacts, per_record):
        record = contacts_pb2.ContactRecord()
        for number in range(start, min(contacts, start + per_record)):
            contact = record.contacts.add(
                contact_id=f"bench-{number}",
                release=1,
                person_key=number.to_bytes(16, "big"),
                seat_id=chance.choice(seats),
                priority=5,
                campaign="bench",
                sealed=_SEALED,
            )
            contact.valid_until.FromMilliseconds(valid_until_ms)
        records.append(((CONTACTS, len(records) % partitions), record.SerializeToString()))
    return records

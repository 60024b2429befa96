import pytest
import structlog
from prometheus_client import CollectorRegistry

from seatline.contacts.v1 import contacts_pb2
from seatline.dead.v1 import dead_pb2
from services.router.adapters.codec import decode_contacts
from services.router.adapters.metrics import RouterMetrics
from services.router.adapters.observer import RouterObserver
from services.runtime.errors import PoisonError
from services.runtime.fenced_log.header import Failure
from services.runtime.fenced_log.turn import Pending
from services.runtime.lifecycle import Process
from services.runtime.set_aside import DEAD
from services.runtime.telemetry import Health
from tests.fakes.log import FakeClock, InMemoryBroker, InMemoryLogWriter


def entry(contact_id: str) -> object:
    record = contacts_pb2.ContactRecord(contacts=[contacts_pb2.Contact(contact_id=contact_id)])
    return decode_contacts(record.SerializeToString())[0]


@pytest.mark.parametrize(
    ("item", "contact_id"),
    [
        (entry("c-1"), "c-1"),
        (entry("x" * 65), ""),
        (entry("c\x00"), ""),
        (PoisonError("unreadable"), ""),
    ],
)
def test_the_letter_of_an_entry_names_its_contact_if_that_is_fit_to_be_shown(
    item: object, contact_id: str
) -> None:
    clock, registry = FakeClock(), CollectorRegistry()
    broker = InMemoryBroker(clock)
    process = Process("router-0", structlog.get_logger(), Health(clock), registry, clock)
    observer = RouterObserver(process, RouterMetrics(registry), InMemoryLogWriter(broker))
    failure = Failure("seatline.contacts.v1", 0, 7, 0, 3, set_aside=True, reason="ValueError")
    observer.set_aside(failure, Pending(("seatline.contacts.v1", 0), 7, 0, [(0, item)]))
    (record,) = broker.records((DEAD, 0))
    assert dead_pb2.DeadLetter.FromString(record.value).contact_id == contact_id
    total = "seatline_router_inputs_set_aside_total"
    assert registry.get_sample_value(total, {"reason": "ValueError"}) == 1

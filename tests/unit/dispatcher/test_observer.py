import pytest
import structlog
from prometheus_client import CollectorRegistry

from seatline.dead.v1 import dead_pb2
from services.dispatcher.adapters.metrics import DispatcherMetrics
from services.dispatcher.adapters.observer import DispatcherObserver
from services.dispatcher.domain.facts import Attempt, Contact
from services.dispatcher.domain.inputs import AcceptOffer, Commanded, Nothing, Routed, SignOut
from services.runtime.fenced_log.header import Failure
from services.runtime.fenced_log.turn import Pending
from services.runtime.lifecycle import Process
from services.runtime.set_aside import DEAD
from services.runtime.telemetry import Health
from tests.fakes.log import FakeClock, InMemoryBroker, InMemoryLogWriter

CONTACT = Contact("c-1", 1, b"", "", 5, "", b"")


@pytest.mark.parametrize(
    ("item", "contact_id"),
    [
        (Routed(CONTACT, "S24-35", "C001", 0, 1, 1), "c-1"),
        (Commanded(AcceptOffer("s-1", 1, Attempt("c-2", 1, 1)), b"", 0), "c-2"),
        (Commanded(SignOut("s-1", 1), b"", 0), ""),
        (Nothing(), ""),
    ],
)
def test_the_letter_of_an_input_names_its_contact(item: object, contact_id: str) -> None:
    clock, registry = FakeClock(), CollectorRegistry()
    broker = InMemoryBroker(clock)
    process = Process("dispatcher-0", structlog.get_logger(), Health(clock), registry, clock)
    metrics = DispatcherMetrics(registry)
    observer = DispatcherObserver(process, metrics, InMemoryLogWriter(broker))
    failure = Failure("seatline.rulings.v1", 0, 7, 0, 3, set_aside=True, reason="ValueError")
    observer.set_aside(failure, Pending(("seatline.rulings.v1", 0), 7, 0, [(0, item)]))
    (record,) = broker.records((DEAD, 0))
    assert dead_pb2.DeadLetter.FromString(record.value).contact_id == contact_id
    total = "seatline_dispatcher_inputs_set_aside_total"
    assert registry.get_sample_value(total, {"reason": "ValueError"}) == 1

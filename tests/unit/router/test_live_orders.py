import pytest
from prometheus_client import CollectorRegistry

from seatline.map.v1 import map_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.router.adapters import topics
from services.router.adapters.live_orders import LiveOrders
from services.router.adapters.metrics import RouterMetrics
from services.router.domain.gate import View
from services.router.handlers import Orders
from services.runtime.errors import PromiseBrokenError
from services.runtime.log_port import Arrived
from tests.unit.router.values import contact


class Followed:
    """Live orders, and the view that they make."""

    def __init__(self) -> None:
        self.orders = Orders(policy_offset_ms=0)
        self.registry = CollectorRegistry()
        self._live = LiveOrders(self.orders, RouterMetrics(self.registry))
        self._offset = 0

    def take(self, value: bytes, topic: str = topics.MAP) -> "Followed":
        self._live.take(Arrived(topic, 0, self._offset, 0, value))
        self._offset += 1
        return self

    @property
    def view(self) -> View:
        assert self.orders.view is not None
        return self.orders.view

    def version(self, kind: str) -> float | None:
        return self.registry.get_sample_value(f"seatline_router_{kind}_version")


def seat_map(version: int = 2) -> bytes:
    record = map_pb2.MapRecord()
    record.seat_map.version = version
    record.seat_map.centres.add(centre_id="C001", partition=3)
    record.seat_map.seats.add(seat_id="S24-35", centre_id="C001")
    return record.SerializeToString()


def policy(version: int = 3) -> bytes:
    record = map_pb2.MapRecord()
    record.policy.version = version
    record.policy.time_zone = "Asia/Kolkata"
    record.policy.opens.FromSeconds(9 * 3600)
    record.policy.closes.FromSeconds(21 * 3600)
    return record.SerializeToString()


def stop() -> bytes:
    record = map_pb2.MapRecord()
    record.stop.scope = map_pb2.STOP_SCOPE_ALL
    return record.SerializeToString()


def resume() -> bytes:
    record = map_pb2.MapRecord()
    record.resume.scope = map_pb2.STOP_SCOPE_ALL
    return record.SerializeToString()


def opt_out(**names: object) -> bytes:
    kind = suppressions_pb2.WITHDRAWAL_KIND_OPT_OUT
    return suppressions_pb2.Withdrawal(kind=kind, **names).SerializeToString()  # type: ignore[arg-type]


def test_map_and_policy_make_the_view_and_are_shown() -> None:
    followed = Followed().take(policy())
    assert followed.orders.view is None
    assert (followed.version("map"), followed.version("policy")) == (0, 0)
    followed.take(seat_map())
    assert (followed.view.seats.version, followed.view.policy.version) == (2, 3)
    assert (followed.version("map"), followed.version("policy")) == (2, 3)


def test_a_newer_map_replaces_the_older_and_an_older_one_does_not() -> None:
    followed = Followed().take(policy()).take(seat_map(2)).take(seat_map(4)).take(seat_map(3))
    assert followed.view.seats.version == followed.version("map") == 4


def test_a_stop_holds_until_it_is_resumed() -> None:
    followed = Followed().take(policy()).take(seat_map())
    running = followed.view.stops
    assert followed.take(stop()).view.stops != running
    assert followed.take(resume()).view.stops == running


def test_withdrawals_of_persons_and_of_contacts_are_followed_from_their_topic() -> None:
    one = contact()
    followed = Followed().take(opt_out(person_key=one.person_key), topics.SUPPRESSIONS)
    followed.take(opt_out(contact_id="contact-9"), topics.SUPPRESSIONS)
    suppressions = followed.take(policy()).take(seat_map()).view.suppressions
    assert suppressions.opted_out == {one.person_key}
    assert suppressions.opted_out_contacts == {"contact-9"}


@pytest.mark.parametrize("topic", [topics.MAP, topics.SUPPRESSIONS])
def test_a_tombstone_changes_nothing(topic: str) -> None:
    followed = Followed().take(policy()).take(seat_map())
    before = followed.view
    assert followed.take(b"", topic).view is before


@pytest.mark.parametrize("topic", [topics.MAP, topics.SUPPRESSIONS])
def test_an_order_that_cannot_be_followed_stops_the_router_and_names_its_place(topic: str) -> None:
    followed = Followed().take(policy()).take(seat_map())
    with pytest.raises(PromiseBrokenError, match=f"{topic}/0: the order at offset 2 cannot"):
        followed.take(b"\xff", topic)

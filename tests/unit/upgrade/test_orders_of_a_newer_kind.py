"""An order that a reader does not know stops it: to go on without it could mean forbidden calls."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from seatline.map.v1 import map_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.cli.adapters.map_log import KafkaMapLog
from services.cli.errors import NotDoneError
from services.dispatcher.adapters.codec import DispatcherCodec
from services.dispatcher.domain.limits import Limits
from services.dispatcher.handlers import FloorHandler
from services.dispatcher.wiring import INPUTS
from services.router.adapters.live_orders import LiveOrders
from services.router.adapters.metrics import RouterMetrics
from services.router.handlers import Orders
from services.runtime.errors import PromiseBrokenError
from services.runtime.log_port import Arrived
from tests.fakes.log_book import InMemoryLogBook
from tests.support.newer_wire import unknown_field
from tests.unit.gateway.rig import caught_up
from tests.unit.runtime.town import Town

MAP, SUPPRESSIONS = "seatline.map.v1", "seatline.suppressions.v1"
NEW_ORDER = map_pb2.MapRecord(by="Asha", why="a test").SerializeToString() + unknown_field(b"what")
NEW_KIND_OF_WITHDRAWAL = suppressions_pb2.Withdrawal(
    person_key=b"p" * 16,
    kind=99,  # type: ignore[arg-type]
).SerializeToString()
Follow = Callable[[str, bytes, Path], None]


def router(topic: str, value: bytes, _: Path) -> None:
    live = LiveOrders(Orders(policy_offset_ms=0), RouterMetrics(CollectorRegistry()))
    live.take(Arrived(topic, 0, 0, 0, value))


def dispatcher(topic: str, value: bytes, _: Path) -> None:
    town = Town(1, INPUTS)
    slot = town.start(0, lambda _: FloorHandler(Limits()), codec=DispatcherCodec(2))
    town.broker.append((topic, 0), value)
    town.turn(slot, times=10)


def gateway(topic: str, value: bytes, folder: Path) -> None:
    async def follow() -> None:
        rig = await caught_up(folder)
        rig.broker.append((topic, 0), value)
        rig.step()

    asyncio.run(follow())


def command(topic: str, value: bytes, _: Path) -> None:
    book = InMemoryLogBook()
    book.put(topic, 0, value)
    KafkaMapLog(book, {}).in_use()


@pytest.mark.parametrize(
    ("follow", "topic", "value"),
    [
        *((each, MAP, NEW_ORDER) for each in (router, dispatcher, gateway, command)),
        *((each, SUPPRESSIONS, NEW_KIND_OF_WITHDRAWAL) for each in (router, dispatcher, gateway)),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else getattr(value, "__name__", value),
)
def test_an_order_of_a_new_kind_stops_each_that_has_to_follow_it(
    follow: Follow, topic: str, value: bytes, tmp_path: Path
) -> None:
    with pytest.raises((PromiseBrokenError, NotDoneError), match="upgrade this") as stopped:
        follow(topic, value, tmp_path)
    assert topic in str(stopped.value)

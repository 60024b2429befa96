"""An order forbids a person one second after the CONFIRM, and meets each step of the number."""

from pathlib import Path

import pytest

from seatline.commands.v1 import commands_pb2
from seatline.map.v1 import map_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.gateway.adapters.streams import DeskStream
from tests.fakes.scripted_dispatcher import MAP, PHONE, SUPPRESSIONS, attempt
from tests.unit.gateway.rig import Rig, caught_up

SECOND_MS = 1_000
REASONS = {
    "withdrawal": commands_pb2.NOT_UNSEALED_REASON_WITHDRAWN,
    "recall": commands_pb2.NOT_UNSEALED_REASON_WITHDRAWN,
    "stop": commands_pb2.NOT_UNSEALED_REASON_STOPPED,
}
every_order = pytest.mark.parametrize("order", REASONS)


def forbid(rig: Rig, order: str) -> None:
    if order == "stop":
        stop = map_pb2.Stop(scope=map_pb2.STOP_SCOPE_CAMPAIGN, id="spring")
        rig.broker.append(MAP, map_pb2.MapRecord(stop=stop).SerializeToString())
        return
    whom = (
        {"contact_id": attempt().contact_id}
        if order == "recall"
        else {"person_key": rig.dispatcher.sealer.person_key(PHONE)}
    )
    withdrawal = suppressions_pb2.Withdrawal(by="test", why="test", **whom)
    rig.broker.append(SUPPRESSIONS, withdrawal.SerializeToString())


async def confirmed(folder: Path) -> tuple[Rig, DeskStream]:
    """Return a rig whose log holds a CONFIRM that the gateway has not read."""
    rig = await caught_up(folder)
    stream = rig.stream()
    fact = rig.bound(stream)
    await rig.news(stream)
    rig.fact(rig.dispatcher.confirmed(fact, attempt(), rig.clock.wall_ms() + 15_000))
    rig.commands()
    return rig, stream


def read_short_of_the_end(rig: Rig) -> None:
    """Let the gateway read what has arrived without knowing that nothing is left."""
    rig.gateway.log_in.take(rig.reader.poll(0), [])
    rig.running.pulse()


def said(rig: Rig) -> list[commands_pb2.Command]:
    return [each for each in rig.commands() if not each.HasField("gateway_alive")]


@every_order
async def test_a_number_forbidden_before_the_end_was_reached_is_not_even_announced(
    tmp_path: Path, order: str
) -> None:
    rig, stream = await confirmed(tmp_path)
    rig.clock.advance(SECOND_MS + 1)  # by now nobody knows whether the facts go on
    read_short_of_the_end(rig)
    rig.acknowledge()
    assert said(rig) == []
    forbid(rig, order)
    rig.step()
    (report,) = said(rig)
    assert report.not_unsealed.attempt == attempt()
    assert report.not_unsealed.reason == REASONS[order]
    assert await rig.news(stream) == []


@every_order
async def test_a_number_forbidden_between_announcement_and_acknowledgement_is_not_shown(
    tmp_path: Path, order: str
) -> None:
    rig, stream = await confirmed(tmp_path)
    rig.read()
    rig.clock.advance(SECOND_MS)
    forbid(rig, order)
    rig.read()
    rig.acknowledge()
    rig.acknowledge()  # the report was out only when the announcement had come back
    announced, report = said(rig)
    assert announced.unsealing.attempt == attempt()
    assert report.not_unsealed.reason == REASONS[order]
    assert await rig.news(stream) == []
    assert rig.count("seatline_gateway_numbers_shown_total") == 0


@every_order
async def test_a_number_forbidden_in_the_record_beside_its_confirm_is_not_announced(
    tmp_path: Path, order: str
) -> None:
    rig, stream = await confirmed(tmp_path)
    rig.clock.advance(SECOND_MS)
    forbid(rig, order)
    rig.step()
    (report,) = said(rig)
    assert report.not_unsealed.reason == REASONS[order]
    assert await rig.news(stream) == []


@every_order
async def test_a_number_forbidden_after_it_was_shown_stands(tmp_path: Path, order: str) -> None:
    rig, stream = await confirmed(tmp_path)
    rig.step()
    (told,) = await rig.news(stream)
    assert told.number.attempt == attempt()
    rig.clock.advance(SECOND_MS)
    forbid(rig, order)
    rig.step()
    rig.running.pulse()
    rig.acknowledge()
    assert [each.WhichOneof("kind") for each in said(rig)] == ["unsealing"]
    assert await rig.news(stream) == []

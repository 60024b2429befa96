from pathlib import Path

import pytest

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2
from seatline.map.v1 import map_pb2
from seatline.suppressions.v1 import suppressions_pb2
from tests.fakes.scripted_dispatcher import (
    MAP,
    NAME,
    PHONE,
    SUPPRESSIONS,
    attempt,
)
from tests.unit.gateway.rig import caught_up

Fact = facts_pb2.Fact


async def test_a_number_is_shown_after_its_announcement_is_in_the_log(tmp_path: Path) -> None:
    rig = await caught_up(tmp_path)
    stream = rig.stream()
    fact = rig.bound(stream)
    await rig.news(stream)
    dial_by_ms = rig.clock.wall_ms() + 15_000
    rig.fact(rig.dispatcher.confirmed(fact, attempt(), dial_by_ms))
    rig.read()
    assert await rig.news(stream) == []
    rig.acknowledge()
    (told,) = await rig.news(stream)
    assert (told.number.phone, told.number.name) == (PHONE, NAME)
    assert told.number.dial_by.ToMilliseconds() == dial_by_ms
    assert told.number.attempt == attempt()
    (announced,) = rig.commands()
    assert announced.unsealing.attempt == attempt()
    assert announced.unsealing.generation == fact.generation
    assert rig.count("seatline_gateway_numbers_shown_total") == 1


async def test_a_gateway_paused_between_confirm_and_its_reading_shows_nothing(
    tmp_path: Path,
) -> None:
    rig = await caught_up(tmp_path)
    stream = rig.stream()
    fact = rig.bound(stream)
    await rig.news(stream)
    rig.fact(rig.dispatcher.confirmed(fact, attempt(), rig.clock.wall_ms() + 15_000))
    rig.clock.advance(16_000)
    rig.fact()
    rig.step()
    assert await rig.news(stream) == []
    assert rig.commands() == []


async def test_the_confirm_of_a_zombie_is_never_seen(tmp_path: Path) -> None:
    rig = await caught_up(tmp_path)
    stream = rig.stream()
    rig.dispatcher.epoch = 2
    rig.dispatcher.seq[0] = 0
    fact = rig.bound(stream)
    await rig.news(stream)
    confirmed = rig.dispatcher.confirmed(fact, attempt(), rig.clock.wall_ms() + 15_000)
    rig.dispatcher.write(0, confirmed, epoch=1)
    rig.step()
    rig.running.pulse()
    rig.acknowledge()
    assert await rig.news(stream) == []
    assert not [each for each in rig.commands() if each.HasField("unsealing")]


async def test_a_repeated_confirm_shows_one_number(tmp_path: Path) -> None:
    rig = await caught_up(tmp_path)
    stream = rig.stream()
    fact = rig.bound(stream)
    await rig.news(stream)
    confirmed = rig.dispatcher.confirmed(fact, attempt(), rig.clock.wall_ms() + 15_000)
    rig.fact(confirmed, confirmed)
    rig.step()
    rig.fact(confirmed)
    rig.step()
    assert len(await rig.news(stream)) == 1


async def test_a_withdrawal_read_before_the_confirm_is_reported(tmp_path: Path) -> None:
    rig = await caught_up(tmp_path)
    stream = rig.stream()
    fact = rig.bound(stream)
    await rig.news(stream)
    key = rig.dispatcher.sealer.person_key(PHONE)
    withdrawal = suppressions_pb2.Withdrawal(person_key=key, by="test", why="test")
    rig.broker.append(SUPPRESSIONS, withdrawal.SerializeToString())
    rig.step()
    rig.fact(rig.dispatcher.confirmed(fact, attempt(), rig.clock.wall_ms() + 15_000))
    rig.step()
    assert await rig.news(stream) == []
    (said,) = rig.commands()
    assert said.not_unsealed.reason == commands_pb2.NOT_UNSEALED_REASON_WITHDRAWN


@pytest.mark.parametrize("resumed", [False, True])
async def test_a_stop_forbids_until_it_is_resumed(tmp_path: Path, *, resumed: bool) -> None:
    rig = await caught_up(tmp_path)
    stream = rig.stream()
    fact = rig.bound(stream)
    await rig.news(stream)
    stop = map_pb2.MapRecord(stop=map_pb2.Stop(scope=map_pb2.STOP_SCOPE_CENTRE, id="C001"))
    rig.broker.append(MAP, stop.SerializeToString())
    if resumed:
        resume = map_pb2.Resume(scope=map_pb2.STOP_SCOPE_CENTRE, id="C001")
        rig.broker.append(MAP, map_pb2.MapRecord(resume=resume).SerializeToString())
    rig.step()
    rig.fact(rig.dispatcher.confirmed(fact, attempt(), rig.clock.wall_ms() + 15_000))
    rig.step()
    (said,) = rig.commands()
    assert said.HasField("unsealing" if resumed else "not_unsealed")
    assert len(await rig.news(stream)) == int(resumed)


async def test_an_unreadable_text_is_reported_after_its_announcement(tmp_path: Path) -> None:
    rig = await caught_up(tmp_path)
    stream = rig.stream()
    fact = rig.bound(stream)
    await rig.news(stream)
    confirmed = rig.dispatcher.confirmed(fact, attempt(), rig.clock.wall_ms() + 15_000)
    confirmed.confirmed.sealed = b"garbage"
    rig.fact(confirmed)
    rig.step()
    rig.acknowledge()
    assert await rig.news(stream) == []
    *_, said = rig.commands()
    assert said.not_unsealed.reason == commands_pb2.NOT_UNSEALED_REASON_UNREADABLE


async def test_an_end_before_the_acknowledgement_shows_nothing(tmp_path: Path) -> None:
    rig = await caught_up(tmp_path)
    stream = rig.stream()
    fact = rig.bound(stream)
    await rig.news(stream)
    rig.fact(rig.dispatcher.confirmed(fact, attempt(), rig.clock.wall_ms() + 15_000))
    rig.read()
    ended = facts_pb2.Ended(
        attempt=attempt(),
        session_id="S-1",
        nonce=fact.nonce,
        reason=facts_pb2.END_REASON_WITHDRAWN,
    )
    rig.fact(Fact(ended=ended))
    rig.read()
    rig.acknowledge()
    (told,) = await rig.news(stream)
    assert told.call_over.reason == "withdrawn"

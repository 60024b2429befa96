import asyncio
from pathlib import Path

from prometheus_client import CollectorRegistry

from seatline.commands.v1 import commands_pb2
from seatline.gateway.v1 import gateway_service_pb2 as wire
from services.gateway.adapters.commands_out import NONCES_MAX, KafkaCommands
from services.gateway.adapters.metrics import Metrics
from services.gateway.domain.unsealing import WhyNot
from services.gateway.domain.values import Attempt, Confirmed, Nonce, SessionId
from services.runtime.log_port import SendError, Sent
from tests.fakes.log import FakeClock, InMemoryBroker, InMemoryLogWriter
from tests.fakes.scripted_dispatcher import sign_in_wish
from tests.unit.gateway.rig import caught_up

BOOT = b"b" * 16
READY = commands_pb2.Command(make_available=commands_pb2.MakeAvailable(session_id="S-1"))
CONFIRMED = Confirmed(
    partition=0,
    attempt=Attempt("C-1", 1, 1),
    session_id=SessionId("S-1"),
    generation=1,
    nonce=Nonce(b"n" * 8),
    dial_by_ms=0,
    sealed=b"",
    person_key=b"",
    seat_id="S24-35",
    centre_id="C001",
    campaign="",
)


class Line:
    """Commands to one topic of two partitions, with room for three wishes."""

    def __init__(self) -> None:
        self.broker = InMemoryBroker(FakeClock())
        self.writer = InMemoryLogWriter(self.broker)
        metrics = Metrics(CollectorRegistry())
        self.commands = KafkaCommands(self.writer, "commands", 2, BOOT, 3, metrics)
        self.settled: list[Sent | SendError] = []

    def wish(self, partition: int = 0) -> None:
        self.commands.wish(partition, READY, self.settled.append)

    def records(self, partition: int = 0) -> list[commands_pb2.CommandRecord]:
        logged = self.broker.records(("commands", partition))
        return [commands_pb2.CommandRecord.FromString(each.value) for each in logged]

    async def appended(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.records()) < count:
                self.writer.serve()
                await asyncio.sleep(0)

    def acknowledge(self) -> None:
        self.writer.serve()
        assert self.commands.has_settled
        self.commands.settle()


def test_a_record_names_the_boot_and_holds_what_gathered() -> None:
    line = Line()
    line.wish()
    line.commands.flush()
    line.wish()
    line.wish()
    line.commands.flush()
    line.acknowledge()
    line.acknowledge()
    assert [len(record.commands) for record in line.records()] == [1, 2]
    assert {record.boot_id for record in line.records()} == {BOOT}
    assert len(line.settled) == 3


async def test_wishes_read_within_the_gap_share_a_record() -> None:
    line = Line()
    line.wish()
    line.commands.flush_soon()
    await line.appended(1)
    line.acknowledge()
    for _ in range(3):
        line.wish()
        line.commands.flush_soon()
    assert len(line.records()) == 1
    await line.appended(2)
    assert [len(record.commands) for record in line.records()] == [1, 3]


async def test_an_announcement_leaves_though_no_wish_comes_along() -> None:
    line = Line()
    line.commands.unsealing(CONFIRMED, line.settled.append)
    await line.appended(1)
    assert line.records()[0].commands[0].HasField("unsealing")


def test_partitions_do_not_wait_for_each_other() -> None:
    line = Line()
    line.wish(0)
    line.commands.flush()
    line.wish(1)
    line.commands.flush()
    line.acknowledge()
    assert len(line.records(0)) == len(line.records(1)) == 1


def test_room_is_bounded_by_wishes_that_wait_and_by_the_partitions_there_are() -> None:
    line = Line()
    line.commands.flush()
    for _ in range(3):
        assert line.commands.has_room(0)
        line.wish()
    assert not line.commands.has_room(0)
    assert line.commands.has_room(1)
    assert not line.commands.has_room(2)


def test_the_nonces_of_a_great_stream_are_reported_in_parts() -> None:
    line = Line()
    nonces = [Nonce(number.to_bytes(8, "big")) for number in range(NONCES_MAX + 1)]
    line.commands.stream_lost(0, nonces)
    line.commands.flush()
    line.acknowledge()
    (record,) = line.records()
    assert [len(each.stream_lost.nonces) for each in record.commands] == [NONCES_MAX, 1]


def test_what_was_not_unsealed_is_said_again_until_it_is_acknowledged() -> None:
    line = Line()
    line.writer.lose_acks = True
    line.commands.not_unsealed(CONFIRMED, WhyNot.LATE)
    line.commands.flush()
    line.acknowledge()
    line.writer.lose_acks = False
    line.acknowledge()
    said = [command.not_unsealed for record in line.records() for command in record.commands]
    assert len(said) == 2
    assert said[0] == said[1]
    assert (said[1].attempt.contact_id, said[1].reason) == (
        "C-1",
        commands_pb2.NOT_UNSEALED_REASON_LATE,
    )
    assert line.commands.waiting == 0


async def test_a_wish_whose_send_failed_is_refused_by_name(tmp_path: Path) -> None:
    rig = await caught_up(tmp_path)
    stream = rig.stream()
    rig.bound(stream)
    await rig.news(stream)
    rig.writer.lose_acks = True
    rig.wish(stream, wire.ClientEvent(session_id="S-1", ready=wire.ReadyWish()))
    rig.acknowledge()
    (told,) = await rig.news(stream)
    assert (told.refused.wish, told.refused.reason) == ("ready", "not_acknowledged")


async def test_a_full_backlog_is_told_as_busy(tmp_path: Path) -> None:
    rig = await caught_up(tmp_path, commands_waiting_max=1)
    stream = rig.stream()
    rig.wish(stream, sign_in_wish("S-1"), sign_in_wish("S-2"))
    (told,) = await rig.news(stream)
    assert (told.session_id, told.refused.wish, told.refused.reason) == ("S-2", "sign_in", "busy")

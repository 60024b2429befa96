"""The gateway as a process on a real broker, with a scripted dispatcher at the other end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2, session_pb2
from seatline.gateway.v1 import gateway_service_pb2 as wire
from seatline.gateway.v1 import gateway_service_pb2_grpc as wire_grpc
from services.runtime.clock import SystemClock
from services.runtime.kafka_log import KafkaLogReader, KafkaLogWriter
from services.runtime.log_port import START, SendError, Sent
from services.stack.layout import REPOSITORY
from services.stack.plan import KAFKA
from tests.fakes.scripted_dispatcher import (
    KEY,
    MAP,
    NAME,
    PHONE,
    TOKEN,
    ScriptedDispatcher,
    attempt,
    sign_in_wish,
    signed_in,
)
from tests.support.stack import Stack, Wish, whole_stack

WITHIN_S = 30.0
PARTITIONS = 2
COMMANDS = "seatline.commands.v1"
RUNS_WITHIN_S = 60.0


def eventually(condition: Callable[[], object], within_s: float = WITHIN_S) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class GatewayProcess:
    """A process, its two doors, and what it logs."""

    popen: subprocess.Popen[bytes]
    http_port: int
    grpc_port: int
    log: Path

    def waits_for(self) -> dict[str, str]:
        url = f"http://127.0.0.1:{self.http_port}/readyz"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                body = answer.read()
        except urllib.error.HTTPError as refusal:
            body = refusal.read()
        except OSError as error:
            return {"http": str(error)}
        waiting: dict[str, str] = json.loads(body)["waiting_for"]
        return waiting

    def stop(self) -> int:
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(WITHIN_S)


@contextmanager
def gateway(folder: Path, kafka: str) -> Iterator[GatewayProcess]:
    (folder / "key").write_bytes(KEY)
    (folder / "token").write_text(TOKEN)
    http_port, grpc_port = free_port(), free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "proto" / "gen")]),
        "SEATLINE_KAFKA": kafka,
        "SEATLINE_STATE": str(folder),
        "SEATLINE_SLOT": "gateway-0",
        "SEATLINE_PARTITIONS": str(PARTITIONS),
        "SEATLINE_HTTP_PORT": str(http_port),
        "SEATLINE_GRPC_PORT": str(grpc_port),
        "SEATLINE_KEY_FILE": str(folder / "key"),
        "SEATLINE_TOKEN_FILE": str(folder / "token"),
    }
    log = folder / "gateway.log"
    with log.open("wb") as output:
        popen = subprocess.Popen(
            [sys.executable, "-m", "services.gateway"],
            env=environment,
            cwd=REPOSITORY,
            stderr=output,
            stdout=output,
        )
    try:
        yield GatewayProcess(popen, http_port, grpc_port, log)
    finally:
        if popen.poll() is None:
            popen.send_signal(signal.SIGCONT)
            popen.kill()
        popen.wait(WITHIN_S)


@dataclass
class Desk:
    """One stream, read by hand."""

    port: int
    session_id: str = "S-1"
    news: list[wire.ServerEvent] = field(default_factory=list)

    def __enter__(self) -> "Desk":
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.port}")
        self.call: Any = wire_grpc.GatewayServiceStub(self.channel).Connect(
            self._wishes(), metadata=[("authorization", f"Bearer {TOKEN}")], timeout=RUNS_WITHIN_S
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.call.cancel()
        self.channel.close()

    def _wishes(self) -> Iterator[wire.ClientFrame]:
        yield wire.ClientFrame(events=[sign_in_wish(self.session_id)])
        # The stream stays open until the call ends; the wish above is all that this desk says.
        while self.channel_open():
            time.sleep(0.05)

    def channel_open(self) -> bool:
        return not hasattr(self, "call") or bool(self.call.is_active())

    def hears(self, kind: str) -> wire.ServerEvent:
        while True:
            for event in self.news:
                if event.WhichOneof("kind") == kind:
                    self.news.remove(event)
                    return event
            self.news.extend(next(self.call).events)


class FarEnd:
    """The broker's other side: appends facts, reads commands."""

    def __init__(self, kafka: str) -> None:
        self.writer = KafkaLogWriter(kafka, "test-writer")
        self.reader = KafkaLogReader(kafka, "test-reader")
        self.reader.assign({(COMMANDS, partition): START for partition in range(PARTITIONS)})
        self.dispatcher = ScriptedDispatcher(self._append)
        self.boot_id = b""
        self.commands: list[commands_pb2.Command] = []
        self.bound = 0

    def _append(self, tp: tuple[str, int], value: bytes) -> None:
        settled: list[Sent | SendError] = []
        key = b"map" if tp == MAP else None  # a compacted topic takes no record without a key
        self.writer.send(tp, value, settled.append, key)
        assert self.writer.flush(WITHIN_S) == 0
        assert isinstance(settled[0], Sent), settled[0]

    def said(self, kind: str) -> list[Any]:
        for record in self.reader.poll(0.1):
            batch = commands_pb2.CommandRecord.FromString(record.value)
            self.commands.extend(batch.commands)
            if any(each.HasField("sign_in") for each in batch.commands):
                self.boot_id = batch.boot_id
        return [getattr(each, kind) for each in self.commands if each.HasField(kind)]

    def announced(self) -> list[commands_pb2.Attempt]:
        return [each.attempt for each in self.said("unsealing")]

    def bind(self, desk: Desk) -> session_pb2.SignedIn:
        self.bound += 1
        eventually(lambda: len(self.said("sign_in")) >= self.bound)
        fact = signed_in(self.said("sign_in")[-1], self.boot_id, self.bound)
        self.dispatcher.write(0, facts_pb2.Fact(signed_in=fact))
        desk.hears("signed_in")
        return fact


def never_dialled(signed_in: session_pb2.SignedIn, what: commands_pb2.Attempt) -> facts_pb2.Fact:
    ended = facts_pb2.Ended(
        attempt=what,
        session_id=signed_in.session_id,
        nonce=signed_in.nonce,
        reason=facts_pb2.END_REASON_NEVER_DIALLED,
    )
    return facts_pb2.Fact(ended=ended)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("gateway")
    with whole_stack(folder, wish=Wish(partitions=PARTITIONS), only=(KAFKA,)) as stack:
        yield stack


@pytest.fixture(scope="module")
def far(broker: Stack) -> FarEnd:
    end = FarEnd(broker.endpoints["kafka"])
    end.dispatcher.publish_map({"C001": 0})
    end.dispatcher.write(0)
    return end


def test_a_gateway_without_kafka_waits_says_so_and_stops_when_asked(tmp_path: Path) -> None:
    with gateway(tmp_path, f"127.0.0.1:{free_port()}") as process:
        eventually(lambda: "Kafka does not answer" in process.waits_for().get("started", ""))
        assert process.stop() == 0


def test_a_number_reaches_the_desk_through_the_real_broker(
    tmp_path: Path, broker: Stack, far: FarEnd
) -> None:
    with gateway(tmp_path, broker.endpoints["kafka"]) as process:
        eventually(lambda: not process.waits_for())
        with Desk(process.grpc_port) as desk:
            fact = far.bind(desk)
            dial_by_ms = SystemClock().wall_ms() + 15_000
            far.dispatcher.write(0, far.dispatcher.confirmed(fact, attempt(), dial_by_ms))
            number = desk.hears("number").number
            assert (number.phone, number.name) == (PHONE, NAME)
            eventually(lambda: attempt() in far.announced())
            eventually(lambda: far.said("gateway_alive"))
        eventually(lambda: any(fact.nonce in lost.nonces for lost in far.said("stream_lost")))
        assert process.stop() == 0
        log = process.log.read_text()
    assert PHONE not in log
    assert NAME not in log


def test_a_gateway_paused_after_the_confirm_and_woken_after_dial_by_shows_nothing(
    tmp_path: Path, broker: Stack, far: FarEnd
) -> None:
    with gateway(tmp_path, broker.endpoints["kafka"]) as process:
        eventually(lambda: not process.waits_for())
        with Desk(process.grpc_port) as desk:
            fact = far.bind(desk)
            process.popen.send_signal(signal.SIGSTOP)
            dial_by_ms = SystemClock().wall_ms() + 1_500
            late = attempt("K-late")
            far.dispatcher.write(0, far.dispatcher.confirmed(fact, late, dial_by_ms))
            eventually(lambda: SystemClock().wall_ms() > dial_by_ms)
            process.popen.send_signal(signal.SIGCONT)
            prompt = attempt("K-prompt")
            dial_by_ms = SystemClock().wall_ms() + 15_000
            far.dispatcher.write(0, far.dispatcher.confirmed(fact, prompt, dial_by_ms))
            assert desk.hears("number").number.attempt == prompt
        eventually(lambda: prompt in far.announced())
        assert late not in far.announced()
        assert process.stop() == 0


def test_a_gateway_that_slept_until_the_redial_was_under_way_elsewhere_shows_nothing(
    tmp_path: Path, broker: Stack, far: FarEnd
) -> None:
    kafka = broker.endpoints["kafka"]
    folders = tmp_path / "sleeps", tmp_path / "redials"
    for folder in folders:
        folder.mkdir()
    with gateway(folders[0], kafka) as sleeper, gateway(folders[1], kafka) as other:
        eventually(lambda: not (sleeper.waits_for() or other.waits_for()))
        with ExitStack() as desks:
            desk = desks.enter_context(Desk(sleeper.grpc_port))
            mine = far.bind(desk)
            next_desk = desks.enter_context(Desk(other.grpc_port, "S-2"))
            its = far.bind(next_desk)
            first, redial = attempt("K-redialled"), attempt("K-redialled", release=2)
            sleeper.popen.send_signal(signal.SIGSTOP)
            dial_by_ms = SystemClock().wall_ms() + 1_500
            far.dispatcher.write(0, far.dispatcher.confirmed(mine, first, dial_by_ms))
            # Rule 4.5: a second behind dial_by it counts as never dialled, and is due at once.
            eventually(lambda: SystemClock().wall_ms() > dial_by_ms + 1_000)
            far.dispatcher.write(0, never_dialled(mine, first))
            dial_by_ms = SystemClock().wall_ms() + 15_000
            far.dispatcher.write(0, far.dispatcher.confirmed(its, redial, dial_by_ms))
            number = next_desk.hears("number").number
            assert (number.attempt, number.phone) == (redial, PHONE)
            sleeper.popen.send_signal(signal.SIGCONT)
            after = attempt("K-after")
            dial_by_ms = SystemClock().wall_ms() + 15_000
            far.dispatcher.write(0, far.dispatcher.confirmed(mine, after, dial_by_ms))
            assert desk.hears("number").number.attempt == after
            assert desk.hears("call_over").call_over.attempt == first
        eventually(lambda: after in far.announced())
        assert first not in far.announced()
        assert far.announced().count(redial) == 1
        assert (sleeper.stop(), other.stop()) == (0, 0)

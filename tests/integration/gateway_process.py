"""A gateway as a process, a desk at its door, and the broker's other side."""

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
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2, session_pb2
from seatline.gateway.v1 import gateway_service_pb2 as wire
from seatline.gateway.v1 import gateway_service_pb2_grpc as wire_grpc
from services.runtime.kafka_log import KafkaLogReader, KafkaLogWriter
from services.runtime.log_port import START, SendError, Sent
from services.stack.layout import REPOSITORY
from tests.fakes.scripted_dispatcher import (
    KEY,
    MAP,
    TOKEN,
    ScriptedDispatcher,
    sign_in_wish,
    signed_in,
)

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
